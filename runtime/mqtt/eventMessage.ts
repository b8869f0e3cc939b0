import Type, { type Static } from '#typebox';
import type { DetectedEvent, Evidence } from '../events/detectedEvent';
import { bitsOfFlags } from './flagBits';

const Id = Type.String({ minLength: 1, maxLength: 64 });
const EpochMicros = Type.Integer({ minimum: 0, description: 'Microseconds since the Unix epoch.' });
const Probability = Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()]);
const Value = Type.Union([Type.Number(), Type.Null()]);

/** `event/1`: JSON. The same id from `new` to `end`; readers know a repetition by id, phase and sequence. */
export const EventMessage = Type.Object({
  s: Type.Literal('event/1'),
  id: Type.String({ minLength: 1, maxLength: 64, description: 'A hash of node, rule and start.' }),
  event_type: Type.String({ minLength: 1, maxLength: 64, description: 'The rule, as Home Assistant wants it.' }),
  phase: Type.Union([Type.Literal('new'), Type.Literal('update'), Type.Literal('end')]),
  rule: Id,
  src: Type.Array(Id, { maxItems: 64, description: 'Sources and groups whose conditions hold or held.' }),
  t_start: EpochMicros,
  t_end: Type.Union([EpochMicros, Type.Null()]),
  t_detect: EpochMicros,
  severity: Type.Union([Type.Literal('info'), Type.Literal('warning'), Type.Literal('alarm')]),
  p: Probability,
  peak: Probability,
  labels: Type.Array(Id, { maxItems: 64 }),
  measures: Type.Array(
    Type.Object({
      m: Id,
      src: Id,
      v: Value,
      peak: Value,
      unit: Type.String({ maxLength: 16 }),
    }),
    { maxItems: 64 },
  ),
  set: Type.Union([Type.String({ minLength: 1, maxLength: 128 }), Type.Null()], {
    description: 'Label set and revision: door-sounds@7.',
  }),
  cal: Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Null()]),
  boot: Id,
  seq: Type.Integer({ minimum: 0, description: 'Counts the messages of one event.' }),
  reason: Type.Union([Type.Literal('condition'), Type.Literal('no-data'), Type.Literal('rule-changed'), Type.Null()], {
    description: 'Why it ended.',
  }),
  historical: Type.Boolean({ description: 'Sent late, from the spool.' }),
  replayed: Type.Boolean({ description: 'Of a recording.' }),
  q: Type.Integer({ minimum: 0, description: 'Flags of what it rests on, one bit each.' }),
});
export type EventMessage = Static<typeof EventMessage>;

/** The wall clock of a node may stand before 1970. */
const epoch = (micros: number): number => Math.max(0, micros);

/** What a message says of an event. */
export function eventMessage(event: DetectedEvent, { boot }: { readonly boot: string }): EventMessage {
  const { evidence } = event;
  // What has never been more than nothing says nothing.
  const known = evidence.filter(({ peak }) => peak !== null);
  const ofLabels = known.filter(({ what }) => what.kind === 'label');
  return {
    s: 'event/1',
    id: event.id,
    event_type: event.rule,
    phase: event.phase,
    rule: event.rule,
    src: unique((evidence.some(({ isOn }) => isOn) ? evidence.filter(({ isOn }) => isOn) : known).map(({ of }) => of)),
    t_start: epoch(event.startMicros),
    t_end: event.endMicros === null ? null : epoch(event.endMicros),
    t_detect: epoch(event.detectedMicros),
    severity: event.severity,
    p: most(ofLabels.map(({ value }) => value)),
    peak: most(ofLabels.map(({ peak }) => peak)),
    labels: unique(evidence.flatMap(({ what }) => (what.kind === 'label' ? [what.label] : []))),
    measures: evidence.flatMap(measureOf),
    set: event.labelSet,
    cal: null,
    boot,
    seq: event.sequence,
    reason: event.reason,
    historical: false,
    replayed: event.flags.includes('replayed'),
    q: bitsOfFlags(event.flags),
  };
}

function measureOf({ of, what, value, peak }: Evidence): EventMessage['measures'] {
  return what.kind === 'measure' ? [{ m: what.measure, src: of, v: value, peak, unit: what.unit }] : [];
}

function most(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(1, Math.max(...known));
}

function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
