import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import Type, { type Static } from '#typebox';
import { type Millis, sleep } from '../../runtime/clock';
import { messageOf, SensebindError } from '../../runtime/errors';
import type { Driver, Flag, ReadingSink } from '../../runtime/reading';
import { type DeviceContext, declareDevice, resolvePath } from '../device';
import { acquireFloats } from '../frameValues';
import { type DepthUnit, depthOf, METRES_PER_DEPTH_UNIT } from './units';

const UNITS = Object.keys(METRES_PER_DEPTH_UNIT).filter(isUnit);

const Options = Type.Object(
  {
    kind: Type.Literal('depth-folder'),
    folder: Type.String({ minLength: 1, maxLength: 4096, description: 'Folder of 16-bit gray PNG files.' }),
    rateHz: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 120, description: 'Default: 10.' })),
    unit: Type.Optional(Type.Enum(UNITS, { description: 'What one step stands for. Default: mm.' })),
    loop: Type.Optional(Type.Boolean({ description: 'Starts again at the end. Default: false.' })),
  },
  { additionalProperties: false },
);

/** A folder of depth pictures, played in the order of their names as a camera would have sent them. */
export const pngFolder = declareDevice({
  kind: 'depth-folder',
  modality: 'depth',
  title: 'Folder of depth pictures (16-bit PNG)',
  options: Options,
  inputs: ['folder'],
  open: (options, context) => new PngFolderDriver(options, context),
});

/** A machine that slept longer than this does not get the pictures of that time at once. */
const MAX_LATE_MICROS = 2_000_000;

class PngFolderDriver implements Driver {
  readonly modality = 'depth';
  readonly #options: Static<typeof Options>;
  readonly #context: DeviceContext;

  constructor(options: Static<typeof Options>, context: DeviceContext) {
    this.#options = options;
    this.#context = context;
  }

  async run(sink: ReadingSink, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const { loop = false, rateHz = 10 } = this.#options;
    const files = await this.#files();
    const periodMicros = 1e6 / rateHz;
    let dueMicros = clock.monotonicMicros();
    do {
      for (const file of files) {
        if (signal.aborted) return;
        await this.#show(file, { sink, missed: clock.monotonicMicros() - dueMicros > MAX_LATE_MICROS });
        dueMicros = Math.max(dueMicros + periodMicros, clock.monotonicMicros() - MAX_LATE_MICROS);
        await sleep(clock, ((dueMicros - clock.monotonicMicros()) / 1000) as Millis, signal);
      }
    } while (loop && !signal.aborted);
  }

  /** @throws {SensebindError} `FILE_UNREADABLE` for a folder that is not there, or has no picture. */
  async #files(): Promise<readonly string[]> {
    const folder = resolvePath(this.#options.folder, this.#context);
    const names = await readdir(folder).catch((error: unknown) => {
      throw unreadable(folder, messageOf(error));
    });
    const pictures = names.filter((name) => name.toLowerCase().endsWith('.png'));
    if (pictures.length === 0) throw unreadable(folder, 'no file that ends in .png');
    const byName = new Intl.Collator('en', { numeric: true });
    return pictures.sort(byName.compare).map((name) => path.join(folder, name));
  }

  async #show(file: string, { sink, missed }: { readonly sink: ReadingSink; readonly missed: boolean }): Promise<void> {
    const { clock, source, memory, decodeGray16 } = this.#context;
    const bytes = await readFile(file).catch((error: unknown) => {
      throw unreadable(file, messageOf(error));
    });
    const { metres, width, height } = depthOf(await decodeGray16(bytes), { unit: this.#options.unit ?? 'mm' });
    const room = acquireFloats(memory, metres.length);
    if (room === undefined) {
      sink.lost('memory', 1);
      return;
    }
    room.values.set(metres);
    const flags: readonly Flag[] = missed ? ['gap'] : [];
    try {
      sink.reading({
        source,
        modality: 'depth',
        timeMicros: clock.epochMicros(),
        monotonicMicros: clock.monotonicMicros(),
        clockQuality: 'file',
        flags,
        width,
        height,
        frame: room.frame,
        metres: room.values,
      });
    } finally {
      room.frame.release();
    }
  }
}

function isUnit(name: string): name is DepthUnit {
  return Object.hasOwn(METRES_PER_DEPTH_UNIT, name);
}

function unreadable(place: string, found: string): SensebindError {
  return new SensebindError(
    'FILE_UNREADABLE',
    `expected depth pictures at ${place}, found: ${found}`,
    'give a folder of 16-bit gray PNG files',
  );
}
