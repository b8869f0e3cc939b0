import type { SensebindError } from '../../runtime/errors';
import { isSensebindError } from '../../runtime/errors';
import { type Line, LineParser } from '../lines';
import { delimiterOf, type LayoutOptions, type MotionLayout, motionLayout, notMotion, timeScale } from './layout';
import type { Vector } from './motionBatch';

/**
 * Motion as lines of text, as microcontrollers print it (reference/devices.md §1.6):
 *
 *     {"t":1234,"ax":0.1,"ay":0.0,"az":9.8,"gx":0,"gy":0,"gz":0}
 *     t_ms,ax,ay,az,gx,gy,gz        a header line, then
 *     1234,0.1,0.0,9.8,0,0,0        values; comma, semicolon or tab
 *     $IMU,0.1,0.0,9.8,0,0,0*3F     as NMEA 0183: with a name, and with a checksum or without
 *
 * Bytes go in with `append`, lines come out of `next` until it returns `undefined`. No clock, no I/O.
 */
export type MotionLine =
  | {
      readonly kind: 'sample';
      readonly acceleration: Vector;
      readonly angularVelocity: Vector | undefined;
      /** The device's own time; `undefined` where it sends none. */
      readonly deviceMicros: number | undefined;
      readonly bytes: number;
    }
  /** A header line, or an empty one: valid, without a sample. */
  | { readonly kind: 'noSample'; readonly bytes: number }
  | { readonly kind: 'discarded'; readonly bytes: number };

export interface MotionLineOptions extends LayoutOptions {
  /** Titles of the columns, for lines of values without a header line. */
  readonly columns?: readonly string[] | undefined;
  /** A fixed rate: a time column is not used then. */
  readonly rateHz?: number | undefined;
}

const LIMIT_BYTES = 1024;

/** So many lines of values that nobody said what they are are enough to give up. */
const LINES_WITHOUT_TITLES = 20;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const CHECKSUM = /\*([0-9a-f]{2})$/i;

/** A layout, and how its time column is scaled. */
interface KnownLayout {
  readonly titles: readonly string[];
  readonly motion: MotionLayout;
  readonly timeScale: number | undefined;
}

export class MotionLineParser {
  readonly #lines = new LineParser(LIMIT_BYTES);
  readonly #options: MotionLineOptions;
  readonly #fail: (error: SensebindError) => void;
  #layout: KnownLayout | undefined;
  #linesWithoutTitles = 0;
  /** Once a line had a checksum, each one must: a damaged digit is found no other way. */
  #hasChecksums: boolean = false;

  /**
   * @param fail - Gets an `INPUT_INVALID` when lines come whose columns are not known.
   * @throws {SensebindError} `INPUT_INVALID` when the option `columns` does not make sense.
   */
  constructor(options: MotionLineOptions, fail: (error: SensebindError) => void) {
    this.#options = { rotation: 'optional', ...options };
    this.#fail = fail;
    if (options.columns !== undefined) this.#layout = this.#layoutOf(options.columns);
  }

  /** Bytes that may still become a line. */
  get pending(): number {
    return this.#lines.pending;
  }

  append(bytes: Uint8Array): void {
    this.#lines.append(bytes);
  }

  next(): MotionLine | undefined {
    const line = this.#lines.next();
    return line?.kind === 'line' ? this.#understand(line) : line;
  }

  #understand(line: Line & { readonly kind: 'line' }): MotionLine {
    const { bytes } = line;
    const checked = withoutChecksum(line.text.trim());
    if (checked === undefined || (this.#hasChecksums && !checked.isProven)) return { kind: 'discarded', bytes };
    this.#hasChecksums ||= checked.isProven;
    const { text } = checked;
    if (text === '') return { kind: 'noSample', bytes };
    if (text.startsWith('{')) return this.#object(text, bytes);
    return this.#values(text, { bytes, isPartial: line.isFirst && !checked.isProven });
  }

  #object(text: string, bytes: number): MotionLine {
    const values = numbersOf(text);
    if (values === undefined) return { kind: 'discarded', bytes };
    // The first object says what the keys are; a damaged key later on is damage.
    this.#layout ??= this.#tryLayout([...values.keys()]);
    const layout = this.#layout;
    if (layout === undefined) return { kind: 'discarded', bytes };
    return this.#sample(layout, { bytes, valueIn: ({ title }) => values.get(title) });
  }

  #values(text: string, { bytes, isPartial }: { readonly bytes: number; readonly isPartial: boolean }): MotionLine {
    const fields = text.split(delimiterOf(text)).map((field) => field.trim());
    // The name of a sentence ("$IMU") is no value.
    const cells = text.startsWith('$') ? fields.slice(1) : fields;
    if (!cells.some((cell) => NUMBER.test(cell))) return this.#header(cells, bytes);
    if (isPartial) return { kind: 'discarded', bytes };
    const layout = this.#layout;
    if (layout === undefined) return this.#withoutTitles(bytes);
    if (cells.length !== layout.titles.length) return { kind: 'discarded', bytes };
    return this.#sample(layout, { bytes, valueIn: ({ index }) => numberOf(cells[index]) });
  }

  /** A line without any number: titles, or something that a board says when it starts. */
  #header(cells: readonly string[], bytes: number): MotionLine {
    if (this.#options.columns !== undefined) return { kind: 'discarded', bytes };
    const layout = this.#tryLayout(cells);
    if (layout === undefined) return { kind: 'discarded', bytes };
    this.#layout = layout;
    return { kind: 'noSample', bytes };
  }

  #withoutTitles(bytes: number): MotionLine {
    this.#linesWithoutTitles++;
    if (this.#linesWithoutTitles === LINES_WITHOUT_TITLES) {
      this.#fail(notMotion(`${LINES_WITHOUT_TITLES} lines of values before a header line, and no option "columns"`));
    }
    return { kind: 'discarded', bytes };
  }

  /** Nothing where the titles are not those of motion; an error where they are, but their units are not known. */
  #tryLayout(titles: readonly string[]): KnownLayout | undefined {
    try {
      return this.#layoutOf(titles);
    } catch (error) {
      if (!isSensebindError(error, 'INPUT_INVALID')) throw error;
      if (/unit/.test(error.message)) this.#fail(error);
      return undefined;
    }
  }

  #layoutOf(titles: readonly string[]): KnownLayout {
    const motion = motionLayout(titles, this.#options);
    const isTimed = motion.time !== undefined && this.#options.rateHz === undefined;
    return { titles, motion, timeScale: isTimed ? timeScale(motion.time, this.#options) : undefined };
  }

  #sample(
    { motion, timeScale }: KnownLayout,
    line: {
      readonly bytes: number;
      readonly valueIn: (column: { readonly index: number; readonly title: string }) => number | undefined;
    },
  ): MotionLine {
    const { bytes, valueIn } = line;
    const values = motion.axes.map((column) => (valueIn(column) ?? Number.NaN) * column.scale);
    const isTimed = timeScale !== undefined && motion.time !== undefined;
    const deviceMicros = isTimed ? Math.round((valueIn(motion.time) ?? Number.NaN) * timeScale) : undefined;
    const [ax, ay, az, gx, gy, gz] = values;
    const isMissing = values.some(Number.isNaN) || !Number.isFinite(deviceMicros ?? 0);
    if (isMissing || ax === undefined || ay === undefined || az === undefined) return { kind: 'discarded', bytes };
    const hasRotation = gx !== undefined && gy !== undefined && gz !== undefined;
    return {
      kind: 'sample',
      acceleration: [ax, ay, az],
      angularVelocity: hasRotation ? [gx, gy, gz] : undefined,
      deviceMicros,
      bytes,
    };
  }
}

/** A line's text before its checksum (NMEA 0183: all bytes after `$` exclusive-ored); nothing when that is wrong. */
function withoutChecksum(line: string): { readonly text: string; readonly isProven: boolean } | undefined {
  const stated = CHECKSUM.exec(line)?.[1];
  if (stated === undefined) return { text: line, isProven: false };
  const text = line.slice(0, -3);
  let sum = 0;
  for (const byte of Buffer.from(text.replace(/^\$/, ''))) sum ^= byte;
  return sum === Number.parseInt(stated, 16) ? { text, isProven: true } : undefined;
}

/** The numbers of a JSON object, those of objects in it as "outer.inner". */
function numbersOf(text: string): ReadonlyMap<string, number> | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const numbers = new Map<string, number>();
  for (const [key, value] of entriesOf(parsed)) {
    if (typeof value === 'number') numbers.set(key, value);
    else
      for (const [inner, number] of entriesOf(value))
        if (typeof number === 'number') numbers.set(`${key}.${inner}`, number);
  }
  return numbers;
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

function numberOf(cell: string | undefined): number | undefined {
  return cell !== undefined && NUMBER.test(cell) ? Number(cell) : undefined;
}
