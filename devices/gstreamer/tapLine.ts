import type { Micros } from '../../runtime/clock';

/** What `identity name=tap silent=false` tells with `gst-launch-1.0 -v`, a line each (reference/devices.md §6). */
export type TapLine = TapFormat | TapBuffer;

/** The pictures that follow have this size in pixels. */
export interface TapFormat {
  readonly kind: 'format';
  readonly width: number;
  readonly height: number;
}

/** A buffer that goes, or went just now, into the data pipe. */
export interface TapBuffer {
  readonly kind: 'buffer';
  readonly bytes: number;
  /** Time of the pipeline's clock at the first sample or the exposure, where the source knows it. */
  readonly ptsMicros: Micros | undefined;
  /** Number of the buffer since the start, where the source counts: one that is missing was dropped on the way. */
  readonly offset: number | undefined;
  /** Something is missing between this buffer and the one before. */
  readonly isDiscontinuous: boolean;
  /** Its content is damaged, as a decoder found. */
  readonly isCorrupted: boolean;
}

const TAP = /^\S*GstIdentity:tap\b/;
const CAPS_WIDTH = /\bwidth=\(int\)(\d{1,6})\b/;
const CAPS_HEIGHT = /\bheight=\(int\)(\d{1,6})\b/;
const BUFFER = /last-message = chain\b.*?\((\d{1,12}) bytes, dts: [^,]*, pts: ([^,]*),.*? flags: ([0-9a-f]{1,8})\b/;
const OFFSET = /, offset: (\d{1,15}),/;
const TIME = /^(\d{1,6}):([0-5]\d):([0-5]\d)\.(\d{9})$/;

/** GST_BUFFER_FLAG_DISCONT and GST_BUFFER_FLAG_CORRUPTED of gstbuffer.h. */
const DISCONTINUOUS = 0x40;
const CORRUPTED = 0x100;

/** One line of standard output; `undefined` for all that is not the tap's. */
export function parseTapLine(line: string): TapLine | undefined {
  if (!TAP.test(line)) return undefined;
  return parseBuffer(line) ?? parseFormat(line);
}

function parseBuffer(line: string): TapBuffer | undefined {
  const [, bytes, time, flags] = BUFFER.exec(line) ?? [];
  if (bytes === undefined || time === undefined || flags === undefined) return undefined;
  const offset = OFFSET.exec(line)?.[1];
  const bits = Number.parseInt(flags, 16);
  return {
    kind: 'buffer',
    bytes: Number(bytes),
    ptsMicros: parseTime(time),
    offset: offset === undefined ? undefined : Number(offset),
    isDiscontinuous: (bits & DISCONTINUOUS) !== 0,
    isCorrupted: (bits & CORRUPTED) !== 0,
  };
}

/** Caps stand in the line of the event with escapes before some characters, and in that of the pad without. */
function parseFormat(line: string): TapFormat | undefined {
  const text = line.replaceAll('\\', '');
  const width = Number(CAPS_WIDTH.exec(text)?.[1] ?? 0);
  const height = Number(CAPS_HEIGHT.exec(text)?.[1] ?? 0);
  return width > 0 && height > 0 ? { kind: 'format', width, height } : undefined;
}

/** `0:00:00.113541082` as microseconds; `none` as nothing. */
function parseTime(text: string): Micros | undefined {
  const [, hours, minutes, seconds, nanos] = TIME.exec(text) ?? [];
  if (nanos === undefined) return undefined;
  const wholeSeconds = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  return wholeSeconds * 1e6 + Math.round(Number(nanos) / 1000);
}
