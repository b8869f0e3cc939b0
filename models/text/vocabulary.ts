import { SensebindError } from '../../runtime/errors';
import { MergeTable } from './mergeTable';

/** Marks a symbol that ends a word. */
const WORD_END = '</w>';

const BYTES = 256;
/** Ids have two bytes. */
const MAX_SYMBOLS = 2 ** 16;

/** Bytes that are printable Latin-1 characters: `!`-`~`, `¡`-`¬`, `®`-`ÿ`. In a symbol they stand for themselves. */
const PRINTABLE = [...range(0x21, 0x7e), ...range(0xa1, 0xac), ...range(0xae, 0xff)];

/** Byte of each of the first 256 ids: the printable ones, then the rest, which are written as U+0100 and on. */
const BYTE_ORDER = [...PRINTABLE, ...range(0, BYTES - 1).filter((byte) => !PRINTABLE.includes(byte))];

const CHARACTERS = BYTE_ORDER.map((byte, id) =>
  String.fromCharCode(id < PRINTABLE.length ? byte : BYTES + id - PRINTABLE.length),
);

/** The symbols that every vocabulary begins with: single bytes, and those at the end of a word. */
const BYTE_SYMBOLS = [...CHARACTERS, ...CHARACTERS.map((character) => character + WORD_END)];

const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = new Map(
  CHARACTERS.map((character, id) => [character, BYTE_ORDER[id] ?? 0]),
);

const ID_OF_BYTE = Uint8Array.from(range(0, BYTES - 1), (byte) => BYTE_ORDER.indexOf(byte));

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * CLIP's vocabulary: 256 bytes, 256 bytes at the end of a word, the merges in order of rank, the two special tokens
 * (reference/imagebind.md §4).
 */
export interface Vocabulary {
  readonly size: number;
  readonly startOfText: number;
  /** The largest id: the text encoder pools the row of the largest. */
  readonly endOfText: number;
  /** The id that two neighbours merge into, or `undefined`. Of several the smallest comes first. */
  merged(left: number, right: number): number | undefined;
  /** The whole word that this id alone stands for, or `undefined`. */
  wordOf(id: number): string | undefined;
}

/** Ids of the bytes of a word, which are the same in every vocabulary. */
export function idsOfBytes(word: string): number[] {
  const bytes = Buffer.from(word, 'utf8');
  return Array.from(bytes, (byte, index) => (ID_OF_BYTE[byte] ?? 0) + (index === bytes.length - 1 ? BYTES : 0));
}

/**
 * @param merges one merge a line, by rank, its two symbols separated by a space; bytes written as CLIP's printable
 * characters, the end of a word as `</w>`.
 * @throws {SensebindError} `TOKENIZER_INVALID` when a merge is of symbols that no earlier line made, or makes one again.
 */
export function createVocabulary(merges: string): Vocabulary {
  const lines = merges === '' ? [] : merges.split('\n');
  const ids = new Map(BYTE_SYMBOLS.map((symbol, id) => [symbol, id]));
  const table = new MergeTable(lines.length);
  const parts = new Uint16Array(2 * lines.length);
  for (const [rank, line] of lines.entries()) {
    const id = BYTE_SYMBOLS.length + rank;
    const space = line.indexOf(' ');
    const left = ids.get(line.slice(0, Math.max(space, 0)));
    const right = ids.get(line.slice(space + 1));
    if (left === undefined || right === undefined) throw badMerge(line, 'of two symbols that earlier ones made');
    const symbol = line.slice(0, space) + line.slice(space + 1);
    if (ids.has(symbol)) throw badMerge(line, 'into a symbol that no earlier one made');
    if (id + 2 >= MAX_SYMBOLS) throw badMerge(line, `one of at most ${MAX_SYMBOLS} symbols`);
    ids.set(symbol, id);
    table.set(left, right, id);
    parts.set([left, right], 2 * rank);
  }
  // Symbols are put together again from their parts where they are asked for: as texts they take megabytes for years.
  const symbolOf = (id: number): string => {
    const place = 2 * (id - BYTE_SYMBOLS.length);
    return place < 0 ? (BYTE_SYMBOLS[id] ?? '') : symbolOf(parts[place] ?? 0) + symbolOf(parts[place + 1] ?? 0);
  };
  const size = BYTE_SYMBOLS.length + lines.length + 2;
  return {
    size,
    startOfText: size - 2,
    endOfText: size - 1,
    merged: (left, right) => table.get(left, right),
    wordOf: (id) => (id >= 0 && id < size - 2 ? wholeWord(symbolOf(id)) : undefined),
  };
}

function badMerge(line: string, expected: string): SensebindError {
  return new SensebindError(
    'TOKENIZER_INVALID',
    `expected every merge of the tokenizer to be ${expected}, found ${JSON.stringify(line.slice(0, 80))}`,
    'Convert the checkpoint again, or fetch the bundle again.',
  );
}

/** A symbol may also be a part of a word, or cut through the bytes of a character. */
function wholeWord(symbol: string): string | undefined {
  if (!symbol.endsWith(WORD_END)) return undefined;
  const bytes = Uint8Array.from(
    symbol.slice(0, -WORD_END.length),
    (character) => BYTE_OF_CHARACTER.get(character) ?? 0,
  );
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
