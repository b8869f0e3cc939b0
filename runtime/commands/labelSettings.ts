import { isUtf8 } from 'node:buffer';
import Type, { type Static } from '#typebox';
import type { LabelBook } from '../zeroshot/labelBook';
import { Label } from '../zeroshot/labelSet';
import { cleanText } from './cleanText';
import { refusal } from './problems';
import type { ReadCommand } from './readCommand';
import { type AnyVerb, defineVerb, done, failed, type Outcome } from './verb';
import { changedSet } from './verbs/changeLabels';

/** Home Assistant's text fields take no more. */
export const MAX_PROMPT_CHARACTERS = 255;

const MAX_BYTES = 1024;
const NUMBER = /^(0|1|0?\.\d{1,12}|[01]\.\d{1,12})$/;

/** Between the prompts of a label in one text. */
const SEPARATOR = ' | ';

const FORBID = { additionalProperties: false } as const;
const LabelId = Label.properties.id;
const Threshold = Type.Object({ label: LabelId, threshold: Type.Number({ minimum: 0, maximum: 1 }) }, FORBID);
const Prompts = Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), { minItems: 1, maxItems: 256 });
const Prompt = Type.Object({ label: LabelId, prompts: Prompts }, FORBID);

/** `label/<l>/threshold/set` and `label/<l>/prompt/set`: a number and a text, as dashboards send them. */
export function labelSettings(book: LabelBook): Readonly<Record<string, AnyVerb>> {
  return {
    'label/threshold': defineVerb<Static<typeof Threshold>>({
      schema: Threshold,
      lane: 'labels',
      run: ({ data: { label, threshold } }) => changeEverywhere(book, { id: label, threshold }),
    }),
    'label/prompt': defineVerb<Static<typeof Prompt>>({
      schema: Prompt,
      lane: 'labels',
      run: ({ data: { label, prompts } }) => changeEverywhere(book, { id: label, prompts }),
    }),
  };
}

/** A topic names a label and no set: every set with such a label is changed. */
async function changeEverywhere(
  book: LabelBook,
  patch: { readonly id: string; readonly threshold?: number; readonly prompts?: string[] },
): Promise<Outcome> {
  const sets = book.current().filter(({ labelSet }) => labelSet.labels.some(({ id }) => id === patch.id));
  if (sets.length === 0)
    return failed(refusal('not_found', 'expected a label of a label set of this node, found another'));
  const changed: string[] = [];
  for (const { labelSet } of sets) {
    const change = await book.change(labelSet.id, (inUse) => changedSet(inUse, { labels: [patch] }));
    if (change.kind === 'changed') changed.push(change.revision.compiled.name);
  }
  return done({ sets: changed });
}

/** Reads the payload of `…/threshold/set`. Never throws. */
export function readThreshold(label: string, payload: Uint8Array): ReadCommand {
  const text = textOf(payload)?.trim() ?? '';
  if (!NUMBER.test(text)) return refused('expected a number from 0 to 1, found something else');
  return { kind: 'command', command: { tx: null, by: null, data: { label, threshold: Number(text) } } };
}

/** Reads the payload of `…/prompt/set`: one way to say it, or several with `|` between them. Never throws. */
export function readPrompt(label: string, payload: Uint8Array): ReadCommand {
  const text = textOf(payload);
  if (text === undefined) return refused('expected a text of UTF-8 and at most 1 KiB, found something else');
  const prompts = text
    .split('|')
    .map(cleanText)
    .filter((prompt) => prompt !== '');
  const characters = prompts.join(SEPARATOR).length;
  if (prompts.length === 0 || characters > MAX_PROMPT_CHARACTERS)
    return refused(`expected a text of 1 to ${MAX_PROMPT_CHARACTERS} characters, found ${characters}`);
  return { kind: 'command', command: { tx: null, by: null, data: { label, prompts } } };
}

/** Prompts as one text that a dashboard can show and send back: as many as fit. */
export function promptText(prompts: readonly string[]): string {
  let text = prompts[0]?.slice(0, MAX_PROMPT_CHARACTERS) ?? '';
  for (const prompt of prompts.slice(1)) {
    if (text.length + SEPARATOR.length + prompt.length > MAX_PROMPT_CHARACTERS) break;
    text += SEPARATOR + prompt;
  }
  return text;
}

function textOf(payload: Uint8Array): string | undefined {
  return payload.length <= MAX_BYTES && isUtf8(payload) ? new TextDecoder().decode(payload) : undefined;
}

function refused(message: string): ReadCommand {
  return { kind: 'refused', tx: null, problem: refusal('invalid', message) };
}
