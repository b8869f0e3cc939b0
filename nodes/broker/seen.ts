import type { Clock, Micros } from '../../runtime/clock';
import type { Embedding } from '../../runtime/embedding';
import { SensebindError } from '../../runtime/errors';
import type { Severity } from '../../runtime/events/detectedEvent';
import type { HealthMessage, InfoMessage } from '../../runtime/mqtt/messages';
import { schemaIds } from '../../runtime/mqtt/messages';
import type { NodeInfo } from '../../runtime/mqtt/nodePublisher';
import { Rate } from '../../runtime/rate';
import type { SourceState } from '../../runtime/source';

/** More are a mistake of a flow: each has retained topics of its own. */
const MOST = 256;

/** A source that says nothing for so long counts as degraded. */
export const SILENT_MICROS = 60_000_000;

/** A flow does not say which device a source is. */
export const DEVICE = 'node-red';

/** A source as its messages show it. */
export interface SeenSource {
  readonly id: string;
  modality: string;
  state: SourceState;
  gaps: number;
  latestMicros: Micros;
  embeddings: number;
  scores: number;
  readonly rate: Rate;
  /** Ids of label sets. */
  readonly labels: Set<string>;
}

interface SeenGroup {
  readonly sources: Set<string>;
  readonly labels: Set<string>;
}

type Model = InfoMessage['models'][number];

/** What a flow has published so far: sources, groups, label sets, rules and models, as `info` and `health` tell of them. */
export class Seen {
  readonly #clock: Clock;
  readonly sources = new Map<string, SeenSource>();
  readonly groups = new Map<string, SeenGroup>();
  readonly rules = new Map<string, Severity>();
  /** Names of label sets, with their revision, by id. */
  readonly #sets = new Map<string, string>();
  readonly #models = new Map<string, Model>();
  #changes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts up with everything that `info` has to say anew. */
  get changes(): number {
    return this.#changes;
  }

  /** @throws {SensebindError} `INPUT_UNSUPPORTED` for too many sources. */
  source(id: string, modality: string): SeenSource {
    const known = this.sources.get(id);
    if (known !== undefined) {
      if (known.modality !== modality && modality !== UNKNOWN) {
        known.modality = modality;
        this.#changes++;
      }
      return known;
    }
    requireRoom(this.sources, 'sources');
    const source: SeenSource = {
      id,
      modality,
      state: 'offline',
      gaps: 0,
      latestMicros: this.#clock.monotonicMicros(),
      embeddings: 0,
      scores: 0,
      rate: new Rate(this.#clock),
      labels: new Set(),
    };
    this.sources.set(id, source);
    this.#changes++;
    return source;
  }

  /** @throws {SensebindError} `INPUT_UNSUPPORTED` for too many groups. */
  group(id: string, sources: readonly string[] = []): void {
    const known = this.groups.get(id);
    if (known === undefined) requireRoom(this.groups, 'groups');
    const group = known ?? { sources: new Set(), labels: new Set() };
    this.groups.set(id, group);
    const before = group.sources.size;
    for (const source of sources) if (group.sources.size < 64) group.sources.add(source);
    if (known === undefined || group.sources.size > before) this.#changes++;
  }

  /** @param name - of a label set: `door-sounds@7`. @throws {SensebindError} `INPUT_UNSUPPORTED` for too many. */
  labelSet(of: string, name: string): void {
    const [id = name] = name.split('@');
    if (this.#sets.get(id) !== name) {
      if (!this.#sets.has(id)) requireRoom(this.#sets, 'label sets');
      this.#sets.set(id, name);
      this.#changes++;
    }
    const labels = this.groups.get(of)?.labels ?? this.sources.get(of)?.labels;
    if (labels === undefined || labels.has(id)) return;
    labels.add(id);
    this.#changes++;
  }

  /** @throws {SensebindError} `INPUT_UNSUPPORTED` for too many rules. */
  rule(id: string, severity: Severity): void {
    if (this.rules.get(id) === severity) return;
    if (!this.rules.has(id)) requireRoom(this.rules, 'rules');
    this.rules.set(id, severity);
    this.#changes++;
  }

  model({ modality, encoder, precision, preset }: Embedding): void {
    const known = this.#models.get(modality);
    if (known !== undefined && encoder.startsWith(known.sha256)) return;
    this.#models.set(modality, { modality, sha256: encoder.slice(0, 64), precision, preset });
    this.#changes++;
  }

  /** What the node says of itself. */
  info(node: string, version: string): NodeInfo {
    return {
      node,
      version,
      models: [...this.#models.values()],
      sources: [...this.sources.values()].map(({ id, modality, labels }) => ({
        id,
        modality,
        device: DEVICE,
        labels: [...labels],
      })),
      groups: [...this.groups].map(([id, { sources, labels }]) => ({
        id,
        sources: [...sources],
        labels: [...labels],
      })),
      rules: [...this.rules].map(([id, severity]) => ({ id, severity })),
      sets: [...this.#sets.values()],
      schemas: [...schemaIds],
    };
  }

  /** How each source does. Nothing is known here of windows and encoders: a window is what came of one. */
  health(): HealthMessage['sources'] {
    return Object.fromEntries(
      [...this.sources].map(([id, { state, gaps, embeddings, scores, rate }]) => [
        id,
        {
          state,
          windows_hz: Math.round(rate.perSecond() * 100) / 100,
          windows: embeddings > 0 ? embeddings : scores,
          embeddings,
          gaps,
          drops: {},
          encode_ms: null,
        },
      ]),
    );
  }
}

/** Where a message does not say what kind of sensor it comes from. */
export const UNKNOWN = 'unknown';

function requireRoom(known: ReadonlyMap<string, unknown>, what: string): void {
  if (known.size < MOST) return;
  throw new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected at most ${MOST} ${what} through one broker node, found more`,
    'give each one name that stays: names with a time or a count in them are new ones each time',
  );
}
