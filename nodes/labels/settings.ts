import { createHash } from 'node:crypto';
import Type, { type Static } from '#typebox';
import { promptTemplates } from '../../models/text/prompts';
import { SensebindError } from '../../runtime/errors';
import { ID_PATTERN } from '../../runtime/mqtt/topics';
import type { LabelSet } from '../../runtime/zeroshot/labelSet';
import { labelIdsOf } from '../shared/words/labelIds';
import { linesOf } from '../shared/words/lines';

const Lines = Type.Optional(Type.String({ maxLength: 65_536 }));

/** One row of the table: `prompts` and `negatives` one a line. */
const Row = Type.Object({
  id: Type.Optional(Type.String({ pattern: ID_PATTERN, title: '1 to 64 letters a-z, digits, "-" or "_"' })),
  title: Type.String({ minLength: 1, maxLength: 128, title: 'the words of a label' }),
  prompts: Lines,
  negatives: Lines,
  threshold: Type.Optional(Type.Number({ minimum: 0, maximum: 1, title: 'a probability from 0 to 1' })),
});
export type LabelRow = Static<typeof Row>;

export const LabelsSettings = Type.Object({
  set: Type.Optional(Type.String({ pattern: ID_PATTERN, title: '1 to 64 letters a-z, digits, "-" or "_"' })),
  labels: Type.Array(Row, { minItems: 1, maxItems: 1000, title: '1 to 1000 labels' }),
  background: Lines,
  templates: Type.Optional(Type.Enum(promptTemplates.map(({ id }) => id))),
  bundle: Type.Optional(Type.String()),
});
export type LabelsSettings = Static<typeof LabelsSettings>;

const LABEL_SET = 'labels';

/** Whether somebody said what to tell the labels from. */
export function namesBackground({ labels, background }: LabelsSettings): boolean {
  return linesOf(background).length > 0 || labels.some(({ negatives }) => linesOf(negatives).length > 0);
}

/**
 * The table as a label set; its revision changes with its content.
 *
 * @throws {SensebindError} `CONFIG_INVALID` where two rows have one id.
 */
export function labelSetOf(settings: LabelsSettings, background: readonly string[]): LabelSet {
  const ids = labelIdsOf(settings.labels.map(({ title }) => title));
  const labels = settings.labels.map(({ id, title, prompts, negatives, threshold }, index) => ({
    id: id ?? ids[index] ?? '',
    title,
    prompts: linesOf(prompts).length > 0 ? [...linesOf(prompts)] : [title],
    ...(linesOf(negatives).length > 0 ? { negatives: [...linesOf(negatives)] } : {}),
    ...(threshold === undefined ? {} : { threshold }),
  }));
  const twice = labels.find(({ id }, index) => labels.findIndex((other) => other.id === id) !== index);
  if (twice !== undefined) {
    const cure = 'give one of them another id or other words';
    throw new SensebindError('CONFIG_INVALID', `expected ids that differ, found "${twice.id}" twice`, cure);
  }
  const content = { labels, background: [...background], templates: settings.templates ?? 'plain' };
  const revision = createHash('sha256').update(JSON.stringify(content)).digest().readUIntBE(0, 3);
  return { id: settings.set ?? LABEL_SET, revision, ...content };
}
