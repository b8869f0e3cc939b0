import { words } from './red';
import { askWords, calmed, unknownText, type WordsFound } from './words';

/** What the runtime said of texts, by bundle and text: Node-RED's validators cannot wait for an answer. */
const heard = new Map<string, WordsFound | 'asked'>();

/** More is forgotten, and asked for again. */
const MOST_HEARD = 10_000;

/** Texts to ask for, by bundle. */
const wanted = new Map<string, Set<string>>();

const askSoon = calmed(() => void ask());

/**
 * Why texts hold words that a bundle does not know; `undefined` where all are known, or nothing is known of them yet: then
 * the runtime is asked, and the nodes are judged again.
 */
export function unknownWordsProblem(bundle: string, texts: readonly string[]): string | undefined {
  for (const text of texts) {
    // An environment variable is known when the flow runs.
    if (text === '' || text.includes('${')) continue;
    const found = heard.get(keyOf(bundle, text));
    if (found === undefined) want(bundle, text);
    else if (found !== 'asked' && found.unknown.length > 0) return unknownText(found);
  }
  return undefined;
}

/** Whether something to look for is named, in words that the bundle knows; a reason where it is not. */
export function validWords(value: unknown, bundle: unknown): true | string {
  if (typeof value !== 'string' || value.trim() === '') return words('invalid.words');
  const texts = value.split('\n').map((line) => line.trim());
  return unknownWordsProblem(String(bundle ?? ''), texts) ?? true;
}

/** A bundle may be known after a deploy that was not before. */
export function forgetUnanswered(): void {
  for (const [key, found] of heard) if (found === 'asked') heard.delete(key);
  judgeAgain();
}

function want(bundle: string, text: string): void {
  const texts = wanted.get(bundle) ?? new Set();
  wanted.set(bundle, texts.add(text));
  askSoon();
}

async function ask(): Promise<void> {
  const questions = [...wanted].map(([bundle, texts]) => ({ bundle, texts: [...texts] }));
  wanted.clear();
  if (heard.size > MOST_HEARD) heard.clear();
  for (const { bundle, texts } of questions) {
    const answer = await askWords(bundle, texts);
    // Without an answer nothing is known to be wrong, and it is not asked again before something is deployed.
    for (const [index, text] of texts.entries()) {
      heard.set(keyOf(bundle, text), answer?.texts[index] ?? 'asked');
    }
  }
  judgeAgain();
}

function judgeAgain(): void {
  RED.nodes.eachNode((node) => {
    if ('type' in node && LOOKING.includes(String(node.type))) RED.editor.validateNode(node);
    return true;
  });
  RED.view.redraw();
}

/** Types whose validators come here. */
const LOOKING: readonly string[] = ['sensebind-sense', 'sensebind-labels'];

function keyOf(bundle: string, text: string): string {
  return `${bundle}\n${text}`;
}
