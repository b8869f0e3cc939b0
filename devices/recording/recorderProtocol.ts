import type { Micros } from '../../runtime/clock';
import type { ErrorCode } from '../../runtime/errors';
import type { RecordingItem, WriterStats } from './recordingItem';
import type { RecordingWriterOptions } from './recordingWriter';

/** What the recorder's thread starts with. */
export type RecorderThreadData = RecordingWriterOptions;

/** From the main thread to the recorder's. */
export type RecorderRequest =
  | { readonly kind: 'item'; readonly item: RecordingItem; readonly logMicros: Micros }
  | { readonly kind: 'flush' }
  | { readonly kind: 'close' };

/** An error of ours, in a form that passes between threads. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly cure: string;
}

/** From the recorder's thread to the main one. */
export type RecorderResponse =
  /** The folder is there and may be written to. */
  | { readonly kind: 'opened' }
  /** One item is dealt with: its memory may be used again. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'flushed'; readonly stats: WriterStats }
  /** Nothing more is recorded. */
  | { readonly kind: 'failed'; readonly error: PlainError; readonly stats: WriterStats }
  | { readonly kind: 'closed'; readonly stats: WriterStats };
