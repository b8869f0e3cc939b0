import Type, { type Static } from '#typebox';
import { promptTemplates } from '../../models/text/prompts';
import { SensebindError } from '../errors';

const Id = Type.String({ pattern: '^[a-z0-9_-]{1,64}$' });
const Prompt = Type.String({ minLength: 1, maxLength: 1024 });
const Prompts = Type.Array(Prompt, { maxItems: 256 });

/** Something that may be the case, in words. */
export const Label = Type.Object(
  {
    id: Id,
    title: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'For people; the id if left out.' })),
    prompts: Type.Optional(
      Type.Array(Prompt, {
        minItems: 1,
        maxItems: 256,
        description: 'Ways to say it; the words of the id if left out.',
      }),
    ),
    negatives: Type.Optional(Prompts),
    threshold: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'Probability that counts as on.' })),
    on_ms: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 86_400_000,
        description: 'So long it holds before its state is ON. Default: 0.',
      }),
    ),
    off_ms: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 86_400_000,
        description: 'So long it does not before it is OFF. Default: 0.',
      }),
    ),
    min_gap_ms: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 86_400_000,
        description: 'So long it is OFF before it may be ON. Default: 0.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type Label = Static<typeof Label>;

const MAX_LABELS = 1000;

/** Versioned labels. What is neither of them is said in `background` prompts and in the negatives of a label. */
export const LabelSet = Type.Object(
  {
    id: Id,
    revision: Type.Integer({ minimum: 0 }),
    labels: Type.Array(Label, { minItems: 1, maxItems: MAX_LABELS }),
    background: Type.Optional(Prompts),
    templates: Type.Optional(
      Type.Enum(
        promptTemplates.map(({ id }) => id),
        { description: 'Sentences that every prompt is put into; "plain" if left out.' },
      ),
    ),
  },
  { additionalProperties: false },
);
export type LabelSet = Static<typeof LabelSet>;

/** The words that an id is made of: `glass_break` → `glass break`. */
export function wordsOfId(id: string): string {
  return id.replace(/[_-]+/g, ' ').trim();
}

/** Id and revision in one, as in messages: `door-sounds@7`. */
export function nameOf({ id, revision }: LabelSet): string {
  return `${id}@${revision}`;
}

/**
 * What the schema cannot say.
 *
 * @throws {SensebindError} `CONFIG_INVALID` for no label or too many, for an id that stands twice, and for a single label with nothing against it.
 */
export function checkLabelSet(labelSet: LabelSet): void {
  const { labels, background = [] } = labelSet;
  if (labels.length === 0 || labels.length > MAX_LABELS) {
    const cure = 'Leave at least one label, or make several label sets.';
    throw labelSetInvalid(labelSet, `1 to ${MAX_LABELS} labels`, String(labels.length), cure);
  }
  const seen = new Set<string>();
  for (const { id } of labels) {
    if (seen.has(id)) throw labelSetInvalid(labelSet, 'ids that differ', `"${id}" twice`, 'Rename one of them.');
    seen.add(id);
  }
  const others = background.length + labels.reduce((count, label) => count + (label.negatives?.length ?? 0), 0);
  if (labels.length === 1 && others === 0) {
    throw labelSetInvalid(
      labelSet,
      'something to tell a label from',
      `nothing but "${labels[0]?.id}", whose probability would always be 1`,
      'Add a second label, or a background prompt such as "silence".',
    );
  }
}

function labelSetInvalid(labelSet: LabelSet, expected: string, found: string, cure: string): SensebindError {
  return new SensebindError(
    'CONFIG_INVALID',
    `expected the label set ${nameOf(labelSet)} to hold ${expected}, found ${found}`,
    cure,
  );
}
