import type { Clock, Micros } from '../../runtime/clock';
import type { ClockQuality, Flag, FrameHold, FrameMemory, ReadingSink } from '../../runtime/reading';
import { DeviceClock } from '../deviceClock';
import type { AnnouncedBuffer, BufferConsumer } from '../gstreamer/tappedStream';
import { copyRows, type RowLayout, rowLayout } from './rows';

/** A picture that comes this much after its exposure was held up on the way: what it shows is over. */
const STALE_AFTER_MICROS = 500_000;

/** After so many stale pictures in a row, the way itself has become longer, and what comes is the newest there is. */
const MOST_STALE_IN_A_ROW = 8;

export interface PictureOptions {
  readonly source: string;
  readonly clock: Clock;
  readonly memory: FrameMemory;
  /** How far the pipeline's times can be trusted. */
  readonly clockQuality: ClockQuality;
  /** Of every reading. */
  readonly flags: readonly Flag[];
  /** The first picture follows others of the same file, with a gap. */
  readonly startsWithGap: boolean;
}

/** A picture that is being read. Without a frame, its bytes are passed over. */
interface Picture {
  readonly buffer: AnnouncedBuffer;
  readonly layout: RowLayout;
  readonly arrivedMicros: Micros;
  readonly frame: FrameHold | undefined;
  readonly rgb: Uint8Array;
}

/** Makes readings of the pictures of one run, each straight into shared memory. */
export class PictureConsumer implements BufferConsumer {
  readonly #options: PictureOptions;
  readonly #sink: ReadingSink;
  readonly #deviceClock = new DeviceClock();
  #picture: Picture | undefined;
  #lastOffset: number | undefined;
  #hasGap: boolean;
  #isFirst = true;
  #staleInARow = 0;

  constructor(options: PictureOptions, sink: ReadingSink) {
    this.#options = options;
    this.#sink = sink;
    this.#hasGap = options.startsWithGap;
  }

  begin(buffer: AnnouncedBuffer, arrivedMicros: Micros): string | undefined {
    if (buffer.format === undefined) return 'a picture before its size';
    const layout = rowLayout(buffer.format);
    const expected = layout.strideBytes * layout.height;
    if (buffer.bytes !== expected) {
      return `${buffer.bytes} bytes for an RGB picture of ${layout.width}x${layout.height}, expected ${expected}`;
    }
    this.#countSkipped(buffer);
    const frame = this.#frameFor(buffer, layout);
    this.#picture = {
      buffer,
      layout,
      arrivedMicros,
      frame,
      rgb: new Uint8Array(frame?.buffer ?? new ArrayBuffer(0), 0, frame ? layout.rowBytes * layout.height : 0),
    };
    return undefined;
  }

  part(bytes: Uint8Array, position: number): void {
    const picture = this.#picture;
    if (picture?.frame !== undefined) copyRows(picture.layout, { bytes, position }, picture.rgb);
  }

  end(): void {
    const picture = this.#picture;
    this.#picture = undefined;
    if (picture === undefined) return;
    const { ptsMicros } = picture.buffer;
    const { arrivedMicros, frame } = picture;
    // Also where the picture is dropped: its time tells of the delay of others.
    const monotonicMicros = ptsMicros === undefined ? arrivedMicros : this.#deviceClock.map(ptsMicros, arrivedMicros);
    if (frame === undefined) return;
    try {
      if (this.#isStale(monotonicMicros)) this.#drop('stale');
      else this.#handOver(picture, { frame, monotonicMicros });
    } finally {
      frame.release();
    }
  }

  abandon(position: number): number {
    this.#picture?.frame?.release();
    this.#picture = undefined;
    return position;
  }

  /** Numbers that are missing: the pipeline had a newer picture before an older one could be written. */
  #countSkipped({ offset, isDiscontinuous }: AnnouncedBuffer): void {
    const skipped = offset === undefined || this.#lastOffset === undefined ? 0 : offset - this.#lastOffset - 1;
    this.#lastOffset = offset;
    if (skipped > 0) this.#sink.lost('stale', skipped);
    // The first picture of a pipeline always says that it follows none.
    if (skipped > 0 || (isDiscontinuous && !this.#isFirst)) this.#hasGap = true;
    this.#isFirst = false;
  }

  #frameFor({ isCorrupted }: AnnouncedBuffer, { rowBytes, height }: RowLayout): FrameHold | undefined {
    if (isCorrupted) {
      this.#drop('invalid');
      return undefined;
    }
    const frame = this.#options.memory.acquire(rowBytes * height);
    if (frame === undefined) this.#drop('memory');
    return frame;
  }

  #drop(reason: 'stale' | 'invalid' | 'memory'): void {
    this.#sink.lost(reason, 1);
    this.#hasGap = true;
  }

  #isStale(monotonicMicros: Micros): boolean {
    const age = this.#options.clock.monotonicMicros() - monotonicMicros;
    const isStale = age > STALE_AFTER_MICROS && this.#staleInARow < MOST_STALE_IN_A_ROW;
    if (isStale) this.#staleInARow++;
    else if (age <= STALE_AFTER_MICROS) this.#staleInARow = 0;
    return isStale;
  }

  #handOver(
    { buffer, layout, rgb }: Picture,
    { frame, monotonicMicros }: { readonly frame: FrameHold; readonly monotonicMicros: Micros },
  ): void {
    const { source, clock, clockQuality, flags } = this.#options;
    const gap: readonly Flag[] = this.#hasGap ? ['gap'] : [];
    this.#hasGap = false;
    this.#sink.reading({
      source,
      modality: 'vision',
      timeMicros: clock.epochMicros() - (clock.monotonicMicros() - monotonicMicros),
      monotonicMicros,
      clockQuality: buffer.ptsMicros === undefined ? 'arrival' : clockQuality,
      flags: [...flags, ...gap],
      width: layout.width,
      height: layout.height,
      frame,
      rgb,
    });
  }
}
