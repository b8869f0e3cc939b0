import { createHash, type Hash } from 'node:crypto';
import type { Command } from 'commander';
import { encodeReading } from '../../devices/recording/encodeMessage';
import type { Cut, RecordedItem } from '../../devices/recording/readRecording';
import { recordingInfo } from '../../devices/recording/recordingInfo';
import { replayInLockStep, replayInTime } from '../../devices/recording/replay';
import { type Micros, systemClock } from '../clock';
import { FramePool } from '../frames';
import { untilInterrupted } from './interrupt';
import { PICTURE_LIMITS } from './openSource';
import { formatBytes, type OutputOptions, print, printJson, printNote, printTable, UsageError } from './output';

interface ReplayFlags extends OutputOptions {
  readonly speed?: string;
  readonly lockStep?: boolean;
  readonly info?: boolean;
}

const EXAMPLE = `
Examples:
  sensebind replay ./recording --info
  sensebind replay ./recording --lock-step --json

In a configuration, a source of a recording is a device:
  mic0: { device: { kind: replay-audio, path: ./recording, source: mic0 } }`;

/** `sensebind replay`: what a recording holds, and whether all of it can be read. */
export function registerReplay(program: Command): void {
  program
    .command('replay')
    .description('play a recording, and say what is in it')
    .argument('<path>', 'folder of a recording, or one of its files')
    .option('--speed <factor>', 'how many times as fast as it was recorded; default: 1')
    .option('--lock-step', 'one reading after the other, as fast as they can be read')
    .option('--info', 'only list the sources')
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLE)
    .action((path: string, flags: ReplayFlags) => untilInterrupted((signal) => replay(path, { ...flags, signal })));
}

async function replay(path: string, flags: ReplayFlags & { readonly signal: AbortSignal }): Promise<void> {
  const speed = parseSpeed(flags);
  if (flags.info) {
    await showInfo(path, flags);
    return;
  }
  const summary = new Summary();
  const options = { memory: new FramePool(PICTURE_LIMITS), signal: flags.signal };
  const take = (item: RecordedItem): void => summary.add(item);
  if (flags.lockStep) await replayInLockStep(path, options, take);
  else await replayInTime(path, { ...options, clock: systemClock, speed }, take);
  summary.show(flags);
}

function parseSpeed({ speed, lockStep }: ReplayFlags): number {
  if (speed !== undefined && lockStep)
    throw new UsageError('expected --speed or --lock-step, found both', 'Lock step knows no speed.');
  const factor = Number(speed ?? 1);
  if (factor > 0 && factor <= 1000) return factor;
  throw new UsageError(`expected --speed with a factor of at most 1000, found ${speed}`, 'Write a number such as 10.');
}

async function showInfo(path: string, { json }: OutputOptions): Promise<void> {
  const info = await recordingInfo(path);
  if (json) {
    printJson(info);
    return;
  }
  printTable(
    ['source', 'kind', 'of', 'messages', 'size', 'from', 'seconds', 'a second'],
    info.channels.map(({ source, kind, name, count, bytes, firstMicros, lastMicros }) => {
      const seconds = (lastMicros - firstMicros) / 1e6;
      const rate = seconds > 0 ? ((count - 1) / seconds).toFixed(1) : '';
      return [source, kind, name, count, formatBytes(bytes), timeOf(firstMicros), seconds.toFixed(1), rate];
    }),
  );
  print(`${counted(info.files, 'file')}, ${counted(info.sessions, 'session')}`);
  for (const cut of info.cuts) printNote(cutLine(cut));
  if (info.corruptBytes > 0) printNote(corruptLine(info.corruptBytes));
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

interface SourceSummary {
  readings: number;
  firstMicros: Micros;
  lastMicros: Micros;
  readonly hash: Hash;
}

/** Counts what is replayed, and hashes it: two replays of a recording that are the same have the same hash. */
class Summary {
  readonly #sources = new Map<string, SourceSummary>();
  readonly #cuts: Cut[] = [];
  readonly #hash = createHash('sha256');
  #corruptBytes = 0;
  #withoutMemory = 0;

  add(item: RecordedItem): void {
    if (item.kind === 'cut') this.#cuts.push(item);
    if (item.kind === 'corrupt') this.#corruptBytes += item.byteLength;
    if (item.kind === 'no-memory') this.#withoutMemory++;
    if (item.kind !== 'reading') return;
    const { source, modality, timeMicros } = item.reading;
    const { data } = encodeReading(item.reading);
    const summary = this.#summaryOf(`${source} ${modality}`, timeMicros);
    summary.readings++;
    summary.lastMicros = timeMicros;
    for (const hash of [summary.hash, this.#hash])
      hash.update(`${source} ${modality} ${data.byteLength}\n`).update(data);
  }

  show({ json }: OutputOptions): void {
    const sources = [...this.#sources].map(([name, { hash, ...rest }]) => {
      const [source = '', modality = ''] = name.split(' ');
      return { source, modality, ...rest, sha256: hash.digest('hex') };
    });
    const sha256 = this.#hash.digest('hex');
    if (json) {
      const left = { cuts: this.#cuts, corruptBytes: this.#corruptBytes, withoutMemory: this.#withoutMemory };
      printJson({ sources, sha256, ...left });
      return;
    }
    printTable(
      ['source', 'modality', 'readings', 'from', 'to', 'SHA-256'],
      sources.map((one) => [
        one.source,
        one.modality,
        one.readings,
        timeOf(one.firstMicros),
        timeOf(one.lastMicros),
        one.sha256.slice(0, 16),
      ]),
    );
    print(`SHA-256 of all readings in their order: ${sha256}`);
    for (const cut of this.#cuts) printNote(cutLine(cut));
    if (this.#corruptBytes > 0) printNote(corruptLine(this.#corruptBytes));
    if (this.#withoutMemory > 0) printNote(`${this.#withoutMemory} pictures were left out for want of memory`);
  }

  #summaryOf(name: string, timeMicros: Micros): SourceSummary {
    const known = this.#sources.get(name);
    if (known !== undefined) return known;
    const added = { readings: 0, firstMicros: timeMicros, lastMicros: timeMicros, hash: createHash('sha256') };
    this.#sources.set(name, added);
    return added;
  }
}

function cutLine({ path, atByte, restBytes }: Cut): string {
  return `${path} was cut off at byte ${atByte} (the power was lost, or it is being written): ${restBytes} bytes after it are no whole record`;
}

function corruptLine(bytes: number): string {
  return `${formatBytes(bytes)} were left out: their checksum is wrong`;
}

/** Times of readings may be anything: only those that a calendar has are shown as dates. */
function timeOf(micros: Micros): string {
  const date = new Date(micros / 1000);
  return Number.isNaN(date.getTime()) ? `${micros} µs` : date.toISOString();
}
