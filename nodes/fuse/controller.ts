import Type, { type Static } from '#typebox';
import type { Micros, Millis } from '../../runtime/clock';
import { DEFAULT_FUSION } from '../../runtime/config/resolveRules';
import type { Embedding } from '../../runtime/embedding';
import { SensebindError } from '../../runtime/errors';
import { combine } from '../../runtime/fusion/combine';
import { jointScores } from '../../runtime/fusion/jointScores';
import { flagsOfWindow } from '../../runtime/fusion/shares';
import { ID_PATTERN } from '../../runtime/mqtt/topics';
import { Rate } from '../../runtime/rate';
import type { Controller, Host, Message } from '../shared/defineNode';
import { described } from '../shared/described';
import { DurationSetting, lengthOf } from '../shared/durationSetting';
import { embeddingOf, embeddingPayload, ORIGIN, type Origin, originOf } from '../shared/payloads';
import { plainScores, type ScoresOfSource } from '../shared/plainScores';
import { defaultSource } from '../shared/sourceController';
import { type Joint, JointMessages, type JointTiming } from './jointMessages';
import { endOf } from './messageTime';

export const FuseSettings = Type.Object({
  source: Type.Optional(
    Type.String({ pattern: ID_PATTERN, title: 'a name of 1 to 64 letters a-z, digits, "-" or "_"' }),
  ),
  method: Type.Optional(Type.Enum(['embeddings', 'scores'])),
  /** Whether sources that are not listed belong to the group. */
  members: Type.Optional(Type.Enum(['any', 'listed'])),
  sources: Type.Optional(
    Type.Array(
      Type.Object({
        source: Type.String({ minLength: 1, maxLength: 256, title: 'the name of a source' }),
        weight: Type.Number({ exclusiveMinimum: 0, maximum: 1000, title: 'a weight above 0' }),
      }),
      { maxItems: 64 },
    ),
  ),
  hop: DurationSetting,
  tolerance: DurationSetting,
  wait: DurationSetting,
  halfLife: DurationSetting,
  forgetAfter: DurationSetting,
});
export type FuseSettings = Static<typeof FuseSettings>;

/** An embedding of several sources, with what each had to say to it. */
interface JointEmbedding extends Embedding, Pick<Origin, 'weights' | 'missing'> {}

/** Label sets whose scores one node fuses. */
const MOST_LABEL_SETS = 16;

/** Makes one embedding of what several sources say at the same time, or averages their scores. */
export class FuseController implements Controller {
  readonly #host: Host<FuseSettings>;
  readonly #source: string;
  readonly #timing: JointTiming;
  readonly #weights: ReadonlyMap<string, number>;
  readonly #rate: Rate;
  readonly #embeddings: JointMessages<Embedding>;
  /** By label set: what is said of one is not averaged with what is said of another. */
  readonly #scores = new Map<string, JointMessages<ScoresOfSource>>();
  #sequence = 0;
  #late = 0;
  #foreign = 0;

  /** @throws {SensebindError} `CONFIG_INVALID` for times that contradict each other. */
  constructor(host: Host<FuseSettings>) {
    this.#host = host;
    const { settings, clock, id } = host;
    this.#source = settings.source ?? defaultSource('fused', id);
    this.#timing = timingOf(settings);
    this.#weights = new Map((settings.sources ?? []).map(({ source, weight }) => [source, weight]));
    this.#rate = new Rate(clock);
    this.#embeddings = this.#group<Embedding>((joint) => this.#sendEmbedding(joint));
    host.status.set({ fill: 'grey', shape: 'ring', text: 'waiting' });
  }

  async input(message: Message): Promise<void> {
    const { method = 'embeddings' } = this.#host.settings;
    if (method === 'embeddings') this.#takeEmbedding(message);
    else this.#takeScores(message);
  }

  async close(): Promise<void> {
    this.#embeddings.finish();
    for (const group of this.#scores.values()) group.finish();
  }

  #takeEmbedding(message: Message): void {
    const embedding = embeddingOf(message.payload);
    if (embedding === undefined) throw notTaken(message.payload, 'an embedding', 'wire encode nodes to this node');
    const source = sourceOf(message) ?? embedding.sources[0] ?? 'unnamed';
    this.#add(this.#embeddings, { source, endMicros: this.#endOf(message, embedding.endMicros), value: embedding });
  }

  #takeScores(message: Message): void {
    const scores = plainScores(message.payload);
    if (scores === undefined) throw notTaken(message.payload, 'scores', 'wire labels nodes to this node');
    const endMicros = this.#endOf(message, scores.endMicros);
    this.#add(this.#scoresGroup(scores), { source: scores.source, endMicros, value: scores });
  }

  #add<Value>(
    group: JointMessages<Value>,
    { source, endMicros, value }: { readonly source: string; readonly endMicros: Micros; readonly value: Value },
  ): void {
    if (group.add(source, endMicros, value)) return;
    this.#foreign++;
    this.#show();
  }

  #endOf(message: Message, wallMicros: Micros): Micros {
    const { clock } = this.#host;
    return endOf({ at: originOf({ ...message })?.at, wallMicros }, { clock, forgetAfter: this.#timing.forgetAfter });
  }

  #scoresGroup({ labelSet }: ScoresOfSource): JointMessages<ScoresOfSource> {
    const [key = ''] = labelSet.split('@');
    const known = this.#scores.get(key);
    if (known !== undefined) return known;
    if (this.#scores.size >= MOST_LABEL_SETS) {
      throw new SensebindError(
        'INPUT_UNSUPPORTED',
        `expected scores of at most ${MOST_LABEL_SETS} label sets, found more`,
        'use a fuse node for each label set',
      );
    }
    const group = this.#group<ScoresOfSource>((joint) => this.#sendScores(joint));
    this.#scores.set(key, group);
    return group;
  }

  #group<Value>(send: (joint: Joint<Value>) => void): JointMessages<Value> {
    const { clock, settings, closing, fail } = this.#host;
    return new JointMessages<Value>({
      timing: this.#timing,
      weights: this.#weights,
      isOpen: settings.members !== 'listed',
      clock,
      onJoint: (joint) => {
        if (closing.aborted) return;
        try {
          send(joint);
        } catch (error) {
          fail(error);
        }
      },
      onLate: () => {
        this.#late++;
      },
    });
  }

  #sendEmbedding({ window, weights }: Joint<Embedding>): void {
    const parts = window.parts.map(({ source, value }) => ({ embedding: value, weight: weights[source] ?? 0 }));
    const embedding = combine(parts, { sequence: this.#sequence, flags: flagsOfWindow(window) });
    this.#sequence++;
    const joint: JointEmbedding = { ...embedding, weights, missing: window.missing };
    this.#send(embeddingPayload(joint), { window, weights, kind: 'embedding', modality: embedding.modality });
  }

  #sendScores({ window, weights }: Joint<ScoresOfSource>): void {
    const values = window.parts.map(({ value }) => value);
    const joint = jointScores(
      window.parts.map(({ source, value }) => ({ scores: value, weight: weights[source] ?? 0 })),
    );
    const best = joint.labels.toSorted((left, right) => right.probability - left.probability)[0];
    const flags = new Set([...values.flatMap((value) => value.flags), ...flagsOfWindow(window)]);
    const payload = {
      ...joint,
      kind: 'scores' as const,
      source: this.#source,
      best:
        best === undefined || !joint.meaningful
          ? null
          : { label: best.label, title: best.title, probability: best.probability },
      startMicros: Math.min(...values.map(({ startMicros }) => startMicros)),
      endMicros: Math.max(...values.map(({ endMicros }) => endMicros)),
      flags: [...flags].sort(),
      weights,
      missing: window.missing,
    };
    this.#send(payload, { window, weights, kind: 'scores' });
  }

  #send(payload: unknown, of: Pick<Joint<unknown>, 'window' | 'weights'> & Pick<Origin, 'kind' | 'modality'>): void {
    const { clock, send } = this.#host;
    const { window, weights, ...rest } = of;
    const monotonicMicros = window.endMicros;
    const at = { monotonicMicros, epochMicros: clock.epochMicros() - (clock.monotonicMicros() - monotonicMicros) };
    const origin: Origin = { ...rest, source: this.#source, at, weights, missing: window.missing };
    this.#rate.add();
    this.#show(window.missing);
    send({ topic: this.#source, payload, [ORIGIN]: origin });
  }

  #show(missing: readonly string[] = []): void {
    const lost = this.#late + this.#foreign;
    const figures = `${this.#rate.perSecond().toFixed(1)}/s${lost === 0 ? '' : `, ${lost} lost`}`;
    const text = missing.length === 0 ? figures : `${figures}, no ${missing.join(', ')}`.slice(0, 60);
    this.#host.status.set({ fill: missing.length === 0 ? 'green' : 'yellow', shape: 'dot', text });
  }
}

/** What our nodes say of a message; else its topic. */
function sourceOf(message: Message): string | undefined {
  const { topic } = message;
  return originOf({ ...message })?.source ?? (typeof topic === 'string' && topic !== '' ? topic : undefined);
}

const SHORTEST_HOP = 100 as Millis;

function timingOf(settings: FuseSettings): JointTiming {
  const length = (key: keyof typeof DEFAULT_FUSION): Millis =>
    lengthOf(settings[key]) ?? (DEFAULT_FUSION[key] as Millis);
  const hop = length('hop');
  const given = settings.tolerance === undefined ? Math.min(length('tolerance'), hop / 2) : length('tolerance');
  const timing: JointTiming = {
    hop,
    tolerance: given as Millis,
    wait: length('wait'),
    halfLife: length('halfLife'),
    forgetAfter:
      settings.forgetAfter === undefined ? (Math.max(length('forgetAfter'), 3 * hop) as Millis) : length('forgetAfter'),
  };
  const problems = [
    ...(hop < SHORTEST_HOP ? [`a hop of at least ${SHORTEST_HOP}ms, found ${hop}ms`] : []),
    ...(2 * timing.tolerance > hop
      ? [`a tolerance of at most half a hop (${hop / 2}ms), found ${timing.tolerance}ms`]
      : []),
    ...(timing.forgetAfter <= hop + timing.tolerance
      ? [`that sources are forgotten after more than a hop and the tolerance, found ${timing.forgetAfter}ms`]
      : []),
    ...(timing.halfLife <= 0 ? ['a half-life above 0, found 0'] : []),
  ];
  if (problems.length === 0) return timing;
  throw new SensebindError('CONFIG_INVALID', `expected ${problems.join('; ')}`, 'open the fuse node and correct it');
}

function notTaken(payload: unknown, expected: string, cure: string): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected ${expected} in msg.payload, found ${described(payload)}`,
    cure,
  );
}
