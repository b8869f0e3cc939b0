import path from 'node:path';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { deviceDeclarations } from '../../../devices/catalogue';
import { machinePorts } from '../../../devices/ports/ports';
import { type Clock, type Millis, sleep, systemClock } from '../../clock';
import { readConfig } from '../../config/readConfig';
import { messageOf } from '../../errors';
import { FramePool } from '../../frames';
import { decodeGray16, decodePicture } from '../../preprocess/pictureFile';
import { SupervisedSource } from '../../source';
import { untilInterrupted } from '../interrupt';
import { type DeviceOptions, openDevice } from '../openDevice';
import { type OutputOptions, print, UsageError } from '../output';
import { parseRunTime } from '../runTime';
import { Scene } from './scene';
import { SourceMeter } from './sourceMeter';

interface WatchFlags extends OutputOptions {
  readonly config?: string;
  readonly for?: string;
}

const EXAMPLES = `
Examples:
  sensebind devices watch mic0 --config config.yaml
  sensebind devices watch '{ kind: arecord, device: "plughw:CARD=Device" }'
  sensebind devices watch '{ kind: wav, file: door.wav, loop: true }'`;

/** `sensebind devices watch`: rates, gaps and a picture of what one device sends, live. */
export function registerDeviceWatch(devices: Command): void {
  devices
    .command('watch')
    .description('show what one device sends: rates, gaps, and a picture in the terminal')
    .argument('<source>', 'id of a source in --config, or a device as { kind: …, … }')
    .option('--config <file>', 'configuration that the source is in')
    .option('--for <duration>', 'stop by itself after this long, such as 20s')
    .option('--json', 'print one JSON object a second')
    .addHelpText('after', EXAMPLES)
    .action((source: string, flags: WatchFlags) => untilInterrupted((signal) => watch(source, { ...flags, signal })));
}

/** How often the picture is drawn anew, and how often a line is written where there is no terminal. */
const FRAME = 200 as Millis;
const LINE = 1000 as Millis;

const MEMORY = { frames: 16, bytes: 2 ** 27 } as const;

async function watch(wanted: string, flags: WatchFlags & { readonly signal: AbortSignal }): Promise<void> {
  const clock = systemClock;
  const runTime = parseRunTime(flags.for);
  const { id, options, folder } = await deviceOf(wanted, flags);
  const memory = new FramePool(MEMORY);
  const driver = openDevice(options, {
    source: id,
    clock,
    ports: machinePorts(clock),
    memory,
    decodeGray16,
    decodePicture,
    folder,
  });
  const source = new SupervisedSource(id, driver, { clock });
  const meter = new SourceMeter(clock);
  const scene = new Scene();
  const stop = new AbortController();
  const end = (): void => stop.abort();
  flags.signal.addEventListener('abort', end, { once: true });
  const timer = runTime === undefined ? undefined : clock.setTimer(runTime, end);
  source.start({
    reading: (reading) => {
      meter.reading(reading);
      scene.show(reading);
    },
    lost: (reason, amount) => meter.lost(reason, amount),
    interrupted: () => meter.interrupted(),
    status: (status) => meter.status(status),
    ended: end,
  });
  await draw({ clock, meter, scene, json: flags.json === true, signal: stop.signal });
  timer?.cancel();
  flags.signal.removeEventListener('abort', end);
  await source.close();
}

async function draw(view: {
  readonly clock: Clock;
  readonly meter: SourceMeter;
  readonly scene: Scene;
  readonly json: boolean;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { clock, meter, scene, json, signal } = view;
  const isLive = process.stdout.isTTY && !json;
  while (!signal.aborted) {
    await sleep(clock, isLive ? FRAME : LINE, signal);
    if (json) process.stdout.write(`${JSON.stringify(meter.snapshot())}\n`);
    else if (isLive) redraw([meter.line(), ...scene.lines(process.stdout.columns)]);
    else print(meter.line());
  }
}

/** Draws over what was there: colours are ours, so nothing is taken out of the lines. */
function redraw(lines: readonly string[]): void {
  process.stdout.write(`\u001b[H${lines.map((line) => `${line}\u001b[0m\u001b[K`).join('\n')}\u001b[J`);
}

interface WatchedDevice {
  readonly id: string;
  readonly options: DeviceOptions;
  /** Relative paths of the options start here. */
  readonly folder: string;
}

/** @throws {UsageError} for a device that is none; {@link readConfig}'s errors. */
async function deviceOf(wanted: string, { config: file }: WatchFlags): Promise<WatchedDevice> {
  if (file === undefined) return { id: 'device', options: parseDevice(wanted), folder: process.cwd() };
  const { sources, folder } = await readConfig(file, deviceDeclarations);
  const source = sources.find(({ id }) => id === wanted);
  if (source !== undefined) return { id: source.id, options: source.device, folder };
  throw new UsageError(
    `expected a source of ${path.basename(file)}, found "${wanted}"`,
    `Name one of ${sources.map(({ id }) => id).join(', ')}.`,
  );
}

function parseDevice(text: string): DeviceOptions {
  const cure = "Write it as '{ kind: …, … }', or name a source of --config FILE. sensebind devices list finds devices.";
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new UsageError(`expected a device, found: ${messageOf(error)}`, cure);
  }
  if (isDevice(value)) return value;
  throw new UsageError(`expected a device with its kind, found ${JSON.stringify(text)}`, cure);
}

function isDevice(value: unknown): value is DeviceOptions {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
}
