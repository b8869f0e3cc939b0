import type { Micros } from '../../runtime/clock';
import type { Embedding } from '../../runtime/embedding';
import type { Instant } from '../../runtime/events/instant';
import type { Flag, Modality, Reading } from '../../runtime/reading';
import type { Scores } from '../../runtime/zeroshot/score';

/**
 * Node-RED clones messages for every wire but the first with lodash, element by element: a picture takes half a second.
 * It passes on as it is whatever has a tag that lodash does not know (reference/nodered.md §5). So branches share what is
 * in such a payload, and nobody may change it.
 */
abstract class Tagged {
  abstract get [Symbol.toStringTag](): string;
  /** What the debug sidebar shows, and what JSON holds. */
  abstract toJSON(): unknown;
}

class ReadingPayload extends Tagged {
  constructor(readonly reading: Reading) {
    super();
    Object.assign(this, reading);
    Object.freeze(this);
  }

  get [Symbol.toStringTag](): string {
    return 'SensebindReading';
  }

  /** No samples and no pixels: a summary that a person can read. */
  override toJSON(): unknown {
    const { source, modality, timeMicros, clockQuality, flags } = this.reading;
    return {
      kind: 'reading',
      source,
      modality,
      time: new Date(timeMicros / 1000).toISOString(),
      ...shapeOf(this.reading),
      clockQuality,
      flags,
    };
  }
}

class EmbeddingPayload extends Tagged {
  constructor(readonly embedding: Embedding) {
    super();
    Object.assign(this, embedding);
    Object.freeze(this);
  }

  get [Symbol.toStringTag](): string {
    return 'SensebindEmbedding';
  }

  override toJSON(): unknown {
    return { kind: 'embedding', ...this.embedding, vector: [...this.embedding.vector] };
  }
}

/** A reading as a payload: has all its properties, costs nothing on any number of wires, and shows up as a summary. */
export function readingPayload(reading: Reading): object {
  return new ReadingPayload(reading);
}

/** An embedding as a payload: as {@link readingPayload}; its JSON is whole. */
export function embeddingPayload(embedding: Embedding): object {
  return new EmbeddingPayload(embedding);
}

/** The reading in a payload that one of our nodes made. */
export function readingOf(payload: unknown): Reading | undefined {
  return payload instanceof ReadingPayload ? payload.reading : undefined;
}

/** The embedding in a payload that one of our nodes made. */
export function embeddingOf(payload: unknown): Embedding | undefined {
  return payload instanceof EmbeddingPayload ? payload.embedding : undefined;
}

/** What words say about one embedding, as a payload: plain data, for JSON and for function nodes. */
export interface ScoresPayload extends Scores {
  readonly kind: 'scores';
  /** Id of the source or group that was looked at. */
  readonly source: string;
  /** The most probable label; `null` where the numbers mean nothing. */
  readonly best: { readonly label: string; readonly title: string; readonly probability: number } | null;
  /** Wall time, microseconds since the epoch. */
  readonly startMicros: Micros;
  readonly endMicros: Micros;
  readonly flags: readonly Flag[];
}

/** What our nodes know of a message beside its payload: under one name, so that nothing of other nodes is touched. */
export interface Origin {
  readonly kind: 'reading' | 'embedding' | 'scores' | 'similarity' | 'event';
  /** Id of the source or group. */
  readonly source: string;
  readonly modality?: Modality;
  /** When what the payload says was the case: durations run on the monotonic time. */
  readonly at?: Instant;
  /** Of what several sources say together: weight used by source, adding up to 1, and who had nothing to say. */
  readonly weights?: Readonly<Record<string, number>>;
  readonly missing?: readonly string[];
}

/** Name of the property of a message that holds its {@link Origin}. */
export const ORIGIN = 'sensebind';

/** The origin of a message of our nodes; nothing where a flow made it up itself. */
export function originOf(message: Readonly<Record<string, unknown>>): Origin | undefined {
  const value = message[ORIGIN];
  return isOrigin(value) ? value : undefined;
}

function isOrigin(value: unknown): value is Origin {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('source' in value)) return false;
  if (typeof value.source !== 'string') return false;
  const at: unknown = 'at' in value ? value.at : undefined;
  return at === undefined || isInstant(at);
}

function isInstant(value: unknown): value is Instant {
  if (typeof value !== 'object' || value === null) return false;
  const { monotonicMicros, epochMicros } = value as Partial<Record<keyof Instant, unknown>>;
  return Number.isFinite(monotonicMicros) && Number.isFinite(epochMicros);
}

function shapeOf(reading: Reading): Readonly<Record<string, unknown>> {
  switch (reading.modality) {
    case 'audio': {
      const { channels, sampleRateHz } = reading;
      return { channels: channels.length, samples: channels[0]?.length ?? 0, sampleRateHz };
    }
    case 'imu':
      return { samples: reading.sampleMicros.length, hasAngularVelocity: reading.angularVelocity !== undefined };
    case 'vision':
      return { width: reading.width, height: reading.height, pixels: 'RGB, 8 bits' };
    case 'depth':
      return { width: reading.width, height: reading.height, unit: 'm' };
    case 'thermal':
      return { width: reading.width, height: reading.height, unit: reading.unit };
    case 'radar':
      return { bins: reading.profile.length, binMetres: reading.binMetres };
  }
}
