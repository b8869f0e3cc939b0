import Type, { type Static, type TSchema } from '#typebox';
import type { LabelBook, LabelChange } from '../../zeroshot/labelBook';
import { Label, LabelSet } from '../../zeroshot/labelSet';
import type { Revision } from '../../zeroshot/labelSets';
import { refusal } from '../problems';
import { type AnyVerb, defineVerb, done, failed, type Outcome, type VerbRequest } from '../verb';
import { changedSet, LabelChanges } from './changeLabels';

const FORBID = { additionalProperties: false } as const;
const LANE = 'labels';
const SetId = LabelSet.properties.id;

const Get = Type.Object(
  {
    set: Type.Optional(SetId),
    labels: Type.Optional(Type.Array(Label.properties.id, { maxItems: 256, description: 'Only these.' })),
  },
  FORBID,
);

const { background, templates } = LabelSet.properties;
const Put = Type.Object(
  { set: SetId, labels: Type.Array(Label, { minItems: 1, maxItems: 256 }), background, templates },
  FORBID,
);

const Patch = Type.Object({ set: SetId, ...LabelChanges.properties }, FORBID);

const RollBack = Type.Object({ set: SetId }, FORBID);

/** `labels/*`: the words that decide what embeddings mean, changed while the node runs. */
export function labelVerbs(book: LabelBook): Readonly<Record<string, AnyVerb>> {
  return {
    'labels/get': defineVerb<Static<typeof Get>>({
      schema: Get,
      lane: null,
      run: async ({ data }) => readSets(book, data),
    }),
    'labels/put': changing(Put, ({ data: { set, ...rest }, ...request }: VerbRequest<Static<typeof Put>>) =>
      book.change(set, ({ id, revision }) => ({ id, revision, ...rest }), optionsOf(request)),
    ),
    'labels/patch': changing(Patch, ({ data: { set, ...changes }, ...request }: VerbRequest<Static<typeof Patch>>) =>
      book.change(set, (inUse) => changedSet(inUse, changes), optionsOf(request)),
    ),
    'labels/rollback': changing(RollBack, ({ data, ...request }: VerbRequest<Static<typeof RollBack>>) =>
      book.rollBack(data.set, optionsOf(request)),
    ),
  };
}

function changing<Data>(schema: TSchema, change: (request: VerbRequest<Data>) => Promise<LabelChange>): AnyVerb {
  return defineVerb<Data>({
    schema,
    lane: LANE,
    hasRevision: true,
    run: async (request) => outcomeOf(await change(request)),
  });
}

function optionsOf({ ifRevision, progress }: Pick<VerbRequest<unknown>, 'ifRevision' | 'progress'>) {
  return { ifRevision, onProgress: progress };
}

function outcomeOf(change: LabelChange): Outcome {
  switch (change.kind) {
    case 'changed':
      return done({ set: change.revision.compiled.name }, change.revision.labelSet.revision);
    case 'conflict': {
      const { name } = change.inUse.compiled;
      const { revision } = change.inUse.labelSet;
      return failed(refusal('conflict', `expected another revision in use, found ${name}`), revision);
    }
    case 'unknown':
      return unknownSet();
  }
}

function unknownSet(): Outcome {
  return failed(refusal('not_found', "expected the id of a label set of the node's configuration, found another"));
}

function readSets(book: LabelBook, { set, labels }: Static<typeof Get>): Outcome {
  if (set === undefined) return done({ sets: book.current().map(summaryOf) });
  const found = book.get(set);
  if (found === undefined) return unknownSet();
  const { labelSet } = found;
  const chosen = labels === undefined ? labelSet.labels : labelSet.labels.filter(({ id }) => labels.includes(id));
  const { id, revision, ...rest } = labelSet;
  return done({ set: id, ...rest, labels: chosen }, revision);
}

function summaryOf({ labelSet }: Revision): object {
  return { set: labelSet.id, rev: labelSet.revision, labels: labelSet.labels.length };
}
