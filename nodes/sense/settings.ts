import { createHash } from 'node:crypto';
import Type, { type Static } from '#typebox';
import type { Millis } from '../../runtime/clock';
import { SensebindError } from '../../runtime/errors';
import type { LabelSet } from '../../runtime/zeroshot/labelSet';
import type { TitledRule } from '../shared/events/eventMaker';
import { labelIdsOf } from '../shared/words/labelIds';
import { linesOf } from '../shared/words/lines';

const seconds = () => Type.Optional(Type.Number({ minimum: 0, maximum: 86_400, title: 'seconds from 0 to 86400' }));

export const SenseSettings = Type.Object({
  words: Type.Optional(Type.String({ maxLength: 65_536, title: 'what to look for, in words' })),
  sensitivity: Type.Optional(Type.Enum(['low', 'normal', 'high'], { title: 'low, normal or high' })),
  threshold: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1, title: 'a probability above 0, at most 1' })),
  background: Type.Optional(Type.String({ maxLength: 65_536 })),
  minimumOnSeconds: seconds(),
  minimumOffSeconds: seconds(),
  coolDownSeconds: seconds(),
  severity: Type.Optional(Type.Enum(['info', 'warning', 'alarm'], { title: 'info, warning or alarm' })),
  bundle: Type.Optional(Type.String()),
});
export type SenseSettings = Static<typeof SenseSettings>;

/** Probabilities from which on something is the case. */
const THRESHOLDS = { low: 0.8, normal: 0.6, high: 0.4 } as const;

/** A pause of a breath does not end an event. */
const MINIMUM_OFF_SECONDS = 3;

const UPDATE_EVERY = 10_000 as Millis;
const FORGET_AFTER = 10_000 as Millis;

/** More are for the labels node. */
const MOST_LABELS = 100;

/** Id of the label set in scores: its revision changes with its content. */
export const LABEL_SET = 'sense';

/**
 * The label set of the words.
 *
 * @throws {SensebindError} `CONFIG_INVALID` for no words, and for too many.
 */
export function labelSetOf(settings: SenseSettings, background: readonly string[]): LabelSet {
  const words = wordsOf(settings);
  const ids = labelIdsOf(words);
  const threshold = settings.threshold ?? THRESHOLDS[settings.sensitivity ?? 'normal'];
  const labels = words.map((prompt, index) => ({
    id: ids[index] ?? '',
    title: prompt.slice(0, 128),
    prompts: [prompt],
    threshold,
  }));
  return { id: LABEL_SET, revision: revisionOf([labels, background]), labels, background: [...background] };
}

/** One rule a label: whatever source, or all together, says so. */
export function rulesOf(settings: SenseSettings, { labels }: LabelSet): readonly TitledRule[] {
  const { minimumOnSeconds = 0, minimumOffSeconds = MINIMUM_OFF_SECONDS, coolDownSeconds = 0 } = settings;
  return labels.map(({ id, title = id }) => ({
    title,
    rule: {
      id,
      when: { kind: 'label', label: id },
      minimumOn: (1000 * minimumOnSeconds) as Millis,
      minimumOff: (1000 * minimumOffSeconds) as Millis,
      coolDown: (1000 * coolDownSeconds) as Millis,
      updateEvery: UPDATE_EVERY,
      forgetAfter: FORGET_AFTER,
      severity: settings.severity ?? 'warning',
    },
  }));
}

/** @throws {SensebindError} `CONFIG_INVALID` */
export function wordsOf({ words }: SenseSettings): readonly string[] {
  const lines = linesOf(words);
  if (lines.length > 0 && lines.length <= MOST_LABELS) return lines;
  throw new SensebindError(
    'CONFIG_INVALID',
    `expected 1 to ${MOST_LABELS} lines that say what to look for, found ${lines.length}`,
    lines.length === 0 ? 'open the sense node and type, for example, glass breaking' : 'use a labels node for more',
  );
}

/** Another content has another number. */
function revisionOf(content: unknown): number {
  return createHash('sha256').update(JSON.stringify(content)).digest().readUIntBE(0, 3);
}
