import type { Micros } from '../../runtime/clock';

/** Takes a message. Bytes are only valid during the call: keep a copy of what is needed later. */
export type TakeMessage = (payload: Uint8Array, arrivedMicros: Micros) => void;

/**
 * Messages that somebody publishes for a source on the broker of this node. Where they come from is not the driver's
 * business; messages that were kept by the broker, or waited there, are not among them.
 *
 * @returns stops them.
 */
export type OpenMessages = (source: string, take: TakeMessage) => () => void;
