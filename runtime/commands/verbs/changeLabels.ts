import Type, { type Static, type TSchema } from '#typebox';
import { Label, LabelSet } from '../../zeroshot/labelSet';

/** `null` puts a field back to what it is when it is left out. */
function orDefault<Schema extends TSchema>(schema: Schema) {
  return Type.Optional(Type.Union([schema, Type.Null()]));
}

const { title, prompts, negatives, threshold, on_ms, off_ms, min_gap_ms } = Label.properties;

const LabelPatch = Type.Object(
  {
    id: Label.properties.id,
    title: orDefault(title),
    prompts: orDefault(prompts),
    negatives: orDefault(negatives),
    threshold: orDefault(threshold),
    on_ms: orDefault(on_ms),
    off_ms: orDefault(off_ms),
    min_gap_ms: orDefault(min_gap_ms),
  },
  { additionalProperties: false },
);
type LabelPatch = Static<typeof LabelPatch>;

/** What is to become different in a label set. */
export const LabelChanges = Type.Object(
  {
    labels: Type.Optional(Type.Array(LabelPatch, { maxItems: 256, description: 'By id; new ones are added.' })),
    remove: Type.Optional(Type.Array(Label.properties.id, { maxItems: 256 })),
    background: LabelSet.properties.background,
    templates: LabelSet.properties.templates,
  },
  { additionalProperties: false },
);
export type LabelChanges = Static<typeof LabelChanges>;

/** A label set with changes made to it; its revision is not touched. */
export function changedSet(labelSet: LabelSet, changes: LabelChanges): LabelSet {
  const { labels = [], remove = [], ...others } = changes;
  const byId = new Map(labelSet.labels.map((label) => [label.id, label]));
  for (const id of remove) byId.delete(id);
  for (const patch of labels) byId.set(patch.id, changedLabel(byId.get(patch.id) ?? { id: patch.id }, patch));
  return { ...labelSet, ...others, labels: [...byId.values()] };
}

function changedLabel(label: Label, patch: LabelPatch): Label {
  const fields = Object.entries({ ...label, ...patch }).filter(([, value]) => value !== null);
  // Patch and label have the same fields of the same types, and those that are null are gone.
  return Object.fromEntries(fields) as Label;
}
