import Type, { type Static } from '#typebox';
import type { Millis } from '../../runtime/clock';
import { SensebindError } from '../../runtime/errors';
import { MEASURE_IDS } from '../../runtime/events/measures';
import { ID_PATTERN } from '../../runtime/mqtt/topics';
import type { TitledRule } from '../shared/events/eventMaker';
import type { ConditionTemplate } from '../shared/events/ruleTemplate';
import { labelIdsOf } from '../shared/words/labelIds';

const seconds = () => Type.Optional(Type.Number({ minimum: 0, maximum: 86_400, title: 'seconds from 0 to 86400' }));

/** One row of the dialog: of a label, or of a measured value. */
const Condition = Type.Object({
  kind: Type.Enum(['label', ...MEASURE_IDS], { title: `label, or one of ${MEASURE_IDS.join(', ')}` }),
  label: Type.Optional(Type.String({ maxLength: 128 })),
  direction: Type.Optional(Type.Enum(['above', 'below'], { title: 'above or below' })),
  on: Type.Optional(Type.Number({ title: 'a number' })),
  off: Type.Optional(Type.Number({ title: 'a number' })),
  of: Type.Optional(Type.String({ maxLength: 64 })),
});
type ConditionRow = Static<typeof Condition>;

export const AlertSettings = Type.Object({
  name: Type.Optional(Type.String({ maxLength: 200 })),
  rule: Type.Optional(Type.String({ pattern: ID_PATTERN, title: '1 to 64 letters a-z, digits, "-" or "_"' })),
  match: Type.Optional(Type.Enum(['all', 'any'], { title: 'all or any' })),
  conditions: Type.Array(Condition, { minItems: 1, maxItems: 32, title: '1 to 32 conditions' }),
  severity: Type.Optional(Type.Enum(['info', 'warning', 'alarm'], { title: 'info, warning or alarm' })),
  minimumOnSeconds: seconds(),
  minimumOffSeconds: seconds(),
  coolDownSeconds: seconds(),
  forgetAfterSeconds: seconds(),
});
export type AlertSettings = Static<typeof AlertSettings>;

const MINIMUM_OFF_SECONDS = 3;
const FORGET_AFTER_SECONDS = 10;
const UPDATE_EVERY = 10_000 as Millis;

const id = new RegExp(ID_PATTERN);

/**
 * The rule of a node.
 *
 * @throws {SensebindError} `CONFIG_INVALID` for a row that says too little, or contradicts itself.
 */
export function alertRule(settings: AlertSettings, nodeId: string): TitledRule {
  const { name, match = 'any', conditions, severity = 'warning' } = settings;
  const { minimumOnSeconds = 0, minimumOffSeconds = MINIMUM_OFF_SECONDS, coolDownSeconds = 0 } = settings;
  const ruleId = settings.rule ?? idOf(name ?? `alert ${nodeId}`);
  return {
    title: name ?? ruleId,
    rule: {
      id: ruleId,
      when: { kind: match, conditions: conditions.map(conditionOf) },
      minimumOn: (1000 * minimumOnSeconds) as Millis,
      minimumOff: (1000 * minimumOffSeconds) as Millis,
      coolDown: (1000 * coolDownSeconds) as Millis,
      updateEvery: UPDATE_EVERY,
      forgetAfter: (1000 * (settings.forgetAfterSeconds ?? FORGET_AFTER_SECONDS)) as Millis,
      severity,
    },
  };
}

/** People may write the words of a label in place of its id. */
function idOf(text: string): string {
  return id.test(text) ? text : (labelIdsOf([text])[0] ?? text);
}

function conditionOf(
  { kind, label, direction = 'above', on, off, of }: ConditionRow,
  index: number,
): ConditionTemplate {
  const source = of === undefined ? {} : { of };
  if (kind === 'label') {
    if (label === undefined) throw incomplete(index, 'a label', 'none', 'type its words or its id');
    checkShares(index, on, off);
    const limits = { ...(on === undefined ? {} : { on }), ...(off === undefined ? {} : { off }) };
    return { kind: 'label', label: idOf(label), ...limits, ...source };
  }
  if (on === undefined) throw incomplete(index, 'a value to compare with', 'none', 'type a number');
  const isWrongWay = off !== undefined && (direction === 'above' ? off > on : off < on);
  if (isWrongWay) {
    const wanted = direction === 'above' ? `at most ${on}` : `at least ${on}`;
    throw incomplete(index, `an end of ${wanted}`, String(off), 'it ends on the other side of where it begins');
  }
  return { kind: 'measure', measure: kind, direction, on, off: off ?? on, ...source };
}

function checkShares(index: number, on: number | undefined, off: number | undefined): void {
  for (const share of [on, off]) {
    if (share === undefined || (share >= 0 && share <= 1)) continue;
    throw incomplete(index, 'a probability from 0 to 1', String(share), 'write 0.6 for 60 %');
  }
  if (on !== undefined && off !== undefined && off > on) {
    throw incomplete(index, `an end of at most ${on}`, String(off), 'it ends below where it begins');
  }
}

function incomplete(index: number, expected: string, found: string, cure: string): SensebindError {
  return new SensebindError('CONFIG_INVALID', `expected ${expected} in condition ${index + 1}, found ${found}`, cure);
}
