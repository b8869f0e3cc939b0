import { readFile } from 'node:fs/promises';
import type { NodeAPI } from 'node-red';
import Type, { type Static } from '#typebox';
import { Compile } from '#typebox/compile';
import { type Bundle, openBundle } from '../../models/bundle/bundle';
import { caveatsOf } from '../../models/bundle/caveats';
import { bundleFolder } from '../../models/mini/location';
import { type KnownWords, knownWords } from '../../models/text/knownWords';
import { parseTokenizer } from '../../models/text/tokenizerDefinition';
import { BundleController } from '../bundle/controller';
import { configurationOf } from '../shared/defineNode';
import { nodeError } from '../shared/nodeError';

const Question = Type.Object({
  /** Id of a configuration node that is deployed; empty for the shipped bundle. */
  bundle: Type.String({ maxLength: 64 }),
  texts: Type.Array(Type.String({ maxLength: 1024 }), { maxItems: 1000 }),
});
const validator = Compile(Question);

/** What a dialog is told of the words in it. */
export interface WordsAnswer {
  /** What is to be known of the bundle wherever its labels are shown. */
  readonly caveats: readonly string[];
  /** One a text: no unknown words where all is well. */
  readonly texts: readonly { readonly unknown: readonly string[]; readonly near: readonly string[] }[];
}

interface Vocabulary {
  readonly caveats: readonly string[];
  readonly words: KnownWords;
}

/** By folder: read once, as bundles do not change under a process that uses them. */
const vocabularies = new Map<string, Promise<Vocabulary>>();

/** Which words of a dialog a bundle knows: asked while somebody types. */
export function registerWords(RED: NodeAPI): void {
  RED.httpAdmin.post('/sensebind/words', RED.auth.needsPermission('sensebind.read'), (request, response) => {
    const question: unknown = request.body;
    if (!validator.Check(question)) {
      response.status(400).json({ message: 'expected {bundle, texts}: at most 1000 texts of 1024 characters' });
      return;
    }
    answer(RED, question).then(
      (found) => response.json(found),
      (error: unknown) => {
        const { code, message } = nodeError(error);
        response.status(422).json({ code, message });
      },
    );
  });
}

async function answer(RED: NodeAPI, { bundle, texts }: Static<typeof Question>): Promise<WordsAnswer> {
  const folder =
    bundle === '' ? bundleFolder(undefined) : configurationOf(RED, { id: bundle, kind: BundleController }).folder;
  const { caveats, words } = await vocabularyOf(folder);
  return {
    caveats,
    texts: texts.map((text) => {
      const unknown = words.unknownWords(text);
      return { unknown, near: [...new Set(unknown.flatMap((word) => words.near(word)))] };
    }),
  };
}

function vocabularyOf(folder: string): Promise<Vocabulary> {
  const known = vocabularies.get(folder);
  if (known !== undefined) return known;
  const reading = openBundle(folder).then(readVocabulary);
  vocabularies.set(folder, reading);
  // The next one who asks tries again.
  reading.catch(() => vocabularies.delete(folder));
  return reading;
}

async function readVocabulary(bundle: Bundle): Promise<Vocabulary> {
  const { manifest } = bundle;
  const { tokenizer } = manifest;
  const definition = tokenizer && parseTokenizer(await readFile(bundle.pathOf(tokenizer), 'utf8'));
  return { caveats: caveatsOf(manifest), words: knownWords(definition?.pruned?.words) };
}
