import { fillTemplates, type PromptTemplates, promptTemplates } from '../../models/text/prompts';
import type { Embedding } from '../embedding';
import { SensebindError } from '../errors';
import { meanDirection, unit } from '../inference/vectors';
import { checkComparable, placeOf } from './arithmetic';
import { checkLabelSet, type LabelSet, nameOf, wordsOfId } from './labelSet';

/** A label set as vectors of one space: what `score` compares with. Made once, used for every embedding. */
export interface CompiledLabelSet {
  /** Id and revision: `door-sounds@7`. */
  readonly name: string;
  readonly space: string;
  readonly dimensions: number;
  /** Logit scale of the text encoder. */
  readonly logitScale: number;
  /** False when the text encoder has random weights. */
  readonly trained: boolean;
  readonly labels: readonly CompiledLabel[];
  /** Unit vectors: one a label, then one a negative or background prompt. Views of one block of memory. */
  readonly rows: readonly Float32Array[];
}

export interface CompiledLabel {
  readonly id: string;
  readonly title: string;
  /** Probability that counts as on. */
  readonly threshold?: number;
}

/**
 * Embeds the prompts of a label set: each label becomes the normalised mean of its prompts' unit vectors
 * (reference/imagebind.md §8). Negatives and background prompts name different things, so each stays a vector of its
 * own, averaged over the templates only. Texts are embedded one after the other, each once.
 *
 * @throws {SensebindError} `CONFIG_INVALID`; `SPACE_MISMATCH` when the embeddings are not of one space; `INPUT_TOO_LARGE`
 * for a prompt that the text encoder would cut off; what `embedText` throws, `WORD_UNKNOWN` among it.
 */
export async function compileLabelSet(
  labelSet: LabelSet,
  embedText: (text: string) => Promise<Embedding>,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<CompiledLabelSet> {
  checkLabelSet(labelSet);
  const classes = promptsOfClasses(labelSet);
  const embeddings = await embedEach(new Set(classes.flat()), embedText, onProgress);
  const [first] = embeddings.values();
  if (!first) throw new SensebindError('CONFIG_INVALID', 'expected prompts, found none', 'Add a prompt.');
  for (const embedding of embeddings.values()) checkComparable(placeOf(first), placeOf(embedding));
  const dimensions = first.vector.length;
  const matrix = new Float32Array(classes.length * dimensions);
  const rows = classes.map((prompts, index) => {
    const row = matrix.subarray(index * dimensions, (index + 1) * dimensions);
    const ofClass = prompts.map((prompt) => embeddings.get(prompt)).filter((embedding) => embedding !== undefined);
    row.set(meanDirection(ofClass.map(({ vector }) => unit(vector))));
    return row;
  });
  return {
    name: nameOf(labelSet),
    space: first.space,
    dimensions,
    logitScale: first.logitScale,
    trained: [...embeddings.values()].every(({ flags }) => !flags.includes('untrained')),
    labels: labelSet.labels.map(({ id, title = wordsOfId(id), threshold }) => {
      return threshold === undefined ? { id, title } : { id, title, threshold };
    }),
    rows,
  };
}

/** The texts of each row: labels, then what is none of them. */
function promptsOfClasses(labelSet: LabelSet): readonly (readonly string[])[] {
  const templates = templatesOf(labelSet);
  const fill = (prompt: string): readonly string[] => fillTemplates(templates, prompt);
  const labels = labelSet.labels.map(({ id, prompts }) => (prompts ?? [wordsOfId(id)]).flatMap(fill));
  const negatives = labelSet.labels.flatMap((label) => label.negatives ?? []);
  return [...labels, ...[...negatives, ...(labelSet.background ?? [])].map(fill)];
}

function templatesOf({ templates: id = 'plain' }: LabelSet): PromptTemplates {
  const found = promptTemplates.find((templates) => templates.id === id);
  if (found) return found;
  throw new SensebindError(
    'CONFIG_INVALID',
    `expected the name of prompt templates, found "${id}"`,
    `Use one of ${promptTemplates.map((templates) => templates.id).join(', ')}.`,
  );
}

async function embedEach(
  texts: ReadonlySet<string>,
  embedText: (text: string) => Promise<Embedding>,
  onProgress: (done: number, total: number) => void,
): Promise<ReadonlyMap<string, Embedding>> {
  const embeddings = new Map<string, Embedding>();
  for (const text of texts) {
    const embedding = await embedText(text);
    if (embedding.flags.includes('partial-window')) throw tooLong(text);
    embeddings.set(text, embedding);
    onProgress(embeddings.size, texts.size);
  }
  return embeddings;
}

/** What is cut off would silently not count. */
function tooLong(text: string): SensebindError {
  return new SensebindError(
    'INPUT_TOO_LARGE',
    `expected a prompt that the text encoder can read, some 70 words, found a longer one: ${JSON.stringify(text.slice(0, 80))}`,
    'say it in fewer words',
  );
}
