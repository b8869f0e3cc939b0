import type { ByteHandlers, ByteStream, OpenByteStream, StreamEnd } from '../../devices/ports/byteStream';
import type { Micros } from '../../runtime/clock';

/** A port whose other end is the test. */
export interface TestStream {
  readonly open: OpenByteStream;
  /** Bytes from the device. */
  send(bytes: Uint8Array, arrivedMicros?: Micros): void;
  end(end: StreamEnd): void;
  /** What the driver wrote, one a call. */
  readonly written: Buffer[];
  readonly isClosed: () => boolean;
}

/** @param onWritten - Called with each write of the driver; may answer with `send`. */
export function testStream(onWritten: (bytes: Buffer) => void = () => undefined): TestStream {
  let handlers: ByteHandlers | undefined;
  let closed = false;
  let resolve: (end: StreamEnd) => void = () => {};
  const ended = new Promise<StreamEnd>((settle) => {
    resolve = settle;
  });
  const written: Buffer[] = [];
  const stream: ByteStream = {
    ended,
    write: async (bytes) => {
      written.push(Buffer.from(bytes));
      onWritten(Buffer.from(bytes));
    },
    close: () => {
      closed = true;
      resolve({ kind: 'closed' });
      return ended;
    },
  };
  return {
    open: (given) => {
      handlers = given;
      return stream;
    },
    send: (bytes, arrivedMicros = 0) => handlers?.bytes(bytes, arrivedMicros),
    end: resolve,
    written,
    isClosed: () => closed,
  };
}
