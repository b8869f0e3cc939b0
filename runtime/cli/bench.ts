import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import type { Bundle } from '../../models/bundle/bundle';
import { type Clock, type Millis, systemClock } from '../clock';
import { type DeviceCacheSettings, deviceCacheSettings } from '../inference/deviceCache/settings';
import { encoderSetups } from '../inference/setups';
import { packageVersion } from '../packageVersion';
import { requireCopy } from './bench/deviceCopy';
import { meterUntil } from './bench/energyMeter';
import { findRails, type Rails } from './bench/energyRails';
import { heatNotes, readHeat } from './bench/heat';
import { busyShare, describeMachine } from './bench/machine';
import { measureEncoder } from './bench/measureEncoder';
import { type Measurement, parseThreads, planMeasurements, secondsEach } from './bench/plan';
import type { BenchReport, MeasuredEncoder } from './bench/report';
import { benchMarkdown, benchTable } from './bench/table';
import { BUNDLE_HELP, openNamedBundle } from './bundle';
import { untilInterrupted } from './interrupt';
import { type OutputOptions, print, printJson, printNote, printTable } from './output';
import { parseWhole } from './wholeNumber';

interface BenchFlags extends OutputOptions {
  readonly bundle?: readonly string[];
  readonly modalities?: string;
  readonly threads?: string;
  readonly seconds: string;
  readonly deviceCache?: boolean;
  readonly markdown?: boolean;
}

const SECONDS = 120;
const MOST_SECONDS = 3600;

/** Before the first measurement: what the machine does and takes when it is left alone. */
const IDLE = 2000 as Millis;
/** From here on other programs spoil the figures. */
const BUSY = 0.1;

const EXAMPLES = `
Every encoder runs in a process of its own, with inputs as a sensor gives them (a picture of 1280×720, 2 s of a stream of
sound, 5 s of motion at 200 Hz, …), through the engine: preprocessing and forward are told apart. Large encoders take
longer than --seconds says: each is loaded, and runs three times at least. The device cache is left alone unless
--device-cache is given: what loading takes would else depend on what ran here before.

Examples:
  sensebind bench
  sensebind bench --bundle ./bundle-fp32 --bundle ./bundle-int8 --modalities audio,imu --threads 2
  sensebind bench --markdown > machine.md
  sensebind bench --json > machine.json`;

/** `sensebind bench`: what the encoders of a bundle cost on this machine. */
export function registerBench(program: Command): void {
  program
    .command('bench')
    .description('measure the encoders of a bundle on this machine: time, memory, energy')
    .option(
      '--bundle <folder>',
      `${BUNDLE_HELP}; may be given several times`,
      (folder, all: readonly string[] = []) => [...all, folder],
    )
    .option('--modalities <list>', 'only these encoders, such as audio,imu')
    .option('--threads <list>', 'numbers of threads, such as 1,2 (default: 1, 2, 4 and all cores)')
    .option('--seconds <number>', 'how long all of it takes, about', String(SECONDS))
    .option(
      '--device-cache',
      'load large encoders from their copies in the device cache, which are made where there are none',
    )
    .option('--markdown', 'print a block of Markdown to share')
    .option('--json', 'print all figures as JSON')
    .addHelpText('after', EXAMPLES)
    .action((flags: BenchFlags) => untilInterrupted((signal) => bench(flags, signal)));
}

async function bench(flags: BenchFlags, signal: AbortSignal): Promise<void> {
  const seconds = parseWhole('--seconds', flags.seconds, { least: 1, most: MOST_SECONDS, command: 'bench' });
  const threads = parseThreads(flags.threads, availableParallelism());
  const bundles: Bundle[] = [];
  for (const folder of flags.bundle ?? [undefined]) {
    bundles.push(
      await openNamedBundle({ ...flags, ...(folder === undefined ? { bundle: 'mini' } : { bundle: folder }) }),
    );
  }
  const measurements = planMeasurements(bundles, { modalities: flags.modalities?.split(','), threads });
  const tell = flags.json === true ? () => undefined : printNote;
  const deviceCache = flags.deviceCache ? deviceCacheSettings() : 'off';
  const report = await measure(measurements, { seconds, deviceCache, clock: systemClock, tell, signal });
  if (flags.json) return printJson(report);
  const table = benchTable(report);
  if (flags.markdown) return print(benchMarkdown(table));
  print(table.title);
  printTable(table.head, table.rows);
  for (const note of table.notes) print(note);
}

interface Circumstances {
  readonly seconds: number;
  readonly deviceCache: DeviceCacheSettings | 'off';
  readonly clock: Clock;
  /** Of how far it is. */
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

async function measure(measurements: readonly Measurement[], circumstances: Circumstances): Promise<BenchReport> {
  const { seconds, deviceCache, clock, tell, signal } = circumstances;
  const rails = await findRails();
  const machine = await describeMachine();
  const before = await readHeat();
  tell(`what the machine does when it is left alone, ${IDLE / 1000} s`);
  const resting = new AbortController();
  const [idle, busy] = await Promise.all([
    meterUntil(resting.signal, { rails: rails.rails, clock }),
    busyShare(clock, IDLE, signal).finally(() => resting.abort()),
  ]);
  const encoders: MeasuredEncoder[] = [];
  for (const [index, measurement] of measurements.entries()) {
    const { modality, precision, threads } = measurement;
    tell(
      `${index + 1}/${measurements.length}: ${modality} ${precision}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    );
    const each = secondsEach(seconds, measurements.length);
    encoders.push(await measureOne(measurement, { ...circumstances, seconds: each, rails }));
  }
  const after = await readHeat();
  return {
    format: 'sensebind-bench/1',
    time: new Date(clock.epochMicros() / 1000).toISOString(),
    sensebind: packageVersion(),
    machine,
    busyShare: busy,
    energy: { source: rails.source, idle },
    heat: { before, after },
    deviceCache: deviceCache === 'off' ? 'off' : 'on',
    encoders,
    notes: [
      ...(busy > BUSY ? ['other programs were running: measure again on a machine that is left alone'] : []),
      ...heatNotes(before, after),
    ],
  };
}

async function measureOne(
  { bundle, modality, precision, threads }: Measurement,
  { seconds, deviceCache, clock, rails, signal }: Circumstances & { readonly rails: Rails },
): Promise<MeasuredEncoder> {
  const setup = encoderSetups(bundle)[modality];
  const wantsCopy = deviceCache !== 'off' && setup !== undefined;
  const obstacle = wantsCopy ? await requireCopy(setup, { settings: deviceCache, signal }) : undefined;
  const measured = new AbortController();
  let metering: ReturnType<typeof meterUntil> | undefined;
  try {
    const found = await measureEncoder(
      { bundle: bundle.directory, modality, threads, seconds, deviceCache },
      {
        signal,
        onMeasuring: () => {
          metering = meterUntil(measured.signal, { rails: rails.rails, clock });
        },
        onMeasured: () => measured.abort(),
      },
    );
    const { isUsed, reason } = found.deviceCopy;
    const deviceCopy = { isUsed, reason: isUsed ? reason : (obstacle ?? reason) };
    const about = { bundle: bundle.manifest.name, modality, precision, threads };
    return { ...about, ...found, deviceCopy, power: (await metering) ?? [] };
  } finally {
    measured.abort();
  }
}
