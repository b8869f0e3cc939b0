/** What JSON from outside may be made of, before anything is built of it. */
export interface JsonLimits {
  readonly bytes: number;
  readonly depth: number;
  /** Bytes of one string as it is written, escapes and all. */
  readonly stringBytes: number;
  /** Items of one array, or members of one object. */
  readonly items: number;
}

/** Limits of a command (reference/mqtt.md §4.4). */
export const COMMAND_LIMITS: JsonLimits = { bytes: 65_536, depth: 8, stringBytes: 1024, items: 256 };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/**
 * What is too much in JSON, in words; `undefined` where nothing is. Looks at each byte once, and builds nothing. Says
 * nothing of whether it is JSON at all: `JSON.parse` does, of something that is known to be small.
 */
export function excessOf(bytes: Uint8Array, limits: JsonLimits): string | undefined {
  if (bytes.length > limits.bytes) return `${bytes.length} bytes, where at most ${limits.bytes} are taken`;
  const commas: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) {
      const end = endOfString(bytes, at + 1);
      if (end - at - 1 > limits.stringBytes) return `a string of more than ${limits.stringBytes} bytes`;
      at = end;
    } else if (OPENING.has(byte)) {
      commas.push(0);
      if (commas.length > limits.depth) return `more than ${limits.depth} levels`;
    } else if (CLOSING.has(byte)) {
      commas.pop();
    } else if (byte === COMMA) {
      const count = (commas.pop() ?? 0) + 1;
      if (count >= limits.items) return `more than ${limits.items} items in one array or object`;
      commas.push(count);
    }
  }
  return undefined;
}

/** Where the closing quote stands, or the end of all. */
function endOfString(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return Math.min(at, bytes.length);
}
