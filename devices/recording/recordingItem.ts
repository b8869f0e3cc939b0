import type { Micros } from '../../runtime/clock';
import type { Embedding } from '../../runtime/embedding';
import type { Loss } from '../../runtime/reading';
import type { RecordableReading } from './checkReading';

/**
 * Something that others declare, as JSON: scores, events. `name` says what it is and of which version (`scores/1`);
 * `schema` is the JSON Schema of the value.
 */
export interface RecordedDocument {
  readonly name: string;
  readonly timeMicros: Micros;
  readonly schema: object;
  readonly value: unknown;
}

/** What a recording holds, each of one source. */
export type RecordingItem =
  | { readonly kind: 'reading'; readonly reading: RecordableReading }
  | {
      readonly kind: 'loss';
      readonly source: string;
      readonly timeMicros: Micros;
      readonly reason: Loss;
      readonly amount: number;
    }
  | { readonly kind: 'embedding'; readonly source: string; readonly embedding: Embedding }
  | { readonly kind: 'document'; readonly source: string; readonly document: RecordedDocument };

/** How long and how much is kept. */
export interface RecordingLimits {
  /** A segment is closed before it grows larger. */
  readonly segmentBytes: number;
  /** A segment is closed when it covers more. */
  readonly segmentMicros: Micros;
  /** All segments in the folder: the oldest ones are removed for new ones. */
  readonly totalBytes: number;
}

/** What was done, since the recorder was started. */
export interface WriterStats {
  readonly messages: number;
  /** Bytes of all files, those that were removed among them. */
  readonly bytes: number;
  readonly segments: number;
  /** Segments removed to stay within the total limit, those of earlier recordings among them. */
  readonly removedSegments: number;
  /** Readings that are not what their type promises. */
  readonly invalid: number;
  readonly tooLarge: number;
}
