import type { Micros } from '../../runtime/clock';

/** What comes out of a byte stream. Bytes are only valid during the call: keep a copy of what is needed later. */
export interface ByteHandlers {
  /** @param arrivedMicros - Monotonic clock, read before anything else was done with the bytes. */
  bytes(bytes: Uint8Array, arrivedMicros: Micros): void;
}

/** Why a stream ended. */
export type StreamEnd =
  /** We closed it. */
  | { readonly kind: 'closed' }
  /** There is nothing under that name, or it was unplugged. */
  | { readonly kind: 'absent'; readonly reason: string; readonly cure: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly cure: string }
  /** Nothing more to read: a file, a pipe, a peer that said goodbye. */
  | { readonly kind: 'finished' };

/** An open stream of bytes in both directions. */
export interface ByteStream {
  /** Settles once, when the last byte was handed over. Never rejects. */
  readonly ended: Promise<StreamEnd>;
  /** Resolves when the bytes left this process, or when the stream has ended: then they are lost. Never rejects. */
  write(bytes: Uint8Array): Promise<void>;
  /** Never rejects. */
  close(): Promise<StreamEnd>;
}

/** Opens a stream once. A port that cannot be opened gives a stream that has ended already. */
export type OpenByteStream = (handlers: ByteHandlers) => ByteStream;
