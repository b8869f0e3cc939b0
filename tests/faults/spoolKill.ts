import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../../runtime/clock';
import { Spool } from '../../runtime/mqtt/spool/spool';
import { compiled } from '../support/paths';
import { segmentFiles, sizeOf } from '../support/spoolFolder';
import { spooledBody } from './spooledBody';

export interface SpoolKillOptions {
  readonly kills: number;
  readonly perSecond: number;
  /** What else a loss of power does. */
  readonly harm: Harm;
}

/**
 * `cut`: what the disk did not have for certain is gone. `truncate`: its last file ends somewhere in its last 4 kB.
 * `flip`: a few bits there are others.
 */
export type Harm = 'none' | 'cut' | 'truncate' | 'flip';

/** What kills in the middle of spooling cost. */
export interface SpoolKillReport extends SpoolKillOptions {
  readonly spooled: number;
  /** Events lost by one kill, at most; and how long before it the oldest of them had been put into the spool. */
  readonly lostRecords: number;
  readonly lostMillis: number;
  /** Kills that lost more than 256 records which were older than 200 ms. */
  readonly tooMuch: number;
  /** Records that came back changed, twice, or not at all though they had come back before. */
  readonly corrupt: number;
  readonly slowestStartMillis: number;
}

/** Lets a process put events into a spool, kills it with SIGKILL, and looks at what is left; again and again. */
export async function spoolKill(options: SpoolKillOptions): Promise<SpoolKillReport> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-kill-'));
  let kept: ReadonlySet<number> = new Set();
  const total = { spooled: 0, lostRecords: 0, lostMillis: 0, tooMuch: 0, corrupt: 0, slowestStartMillis: 0 };
  try {
    for (let kill = 0; kill < options.kills; kill++) {
      const said = await spoolUntilKilled(folder, { first: total.spooled, ...options });
      await harmLast(folder, options.harm, said.at(-1)?.synced ?? 0);
      const left = await takeUp(folder);
      total.slowestStartMillis = Math.max(total.slowestStartMillis, left.startMillis);
      const gone = [...kept].filter((number) => !left.numbers.has(number)).length;
      // What was harmed may be gone, and is counted; nothing else.
      total.corrupt += left.changed + (HARMLESS.has(options.harm) ? left.damaged + gone : 0);
      kept = left.numbers;
      const lost = said.filter(({ number }) => !left.numbers.has(number));
      const [oldest] = lost;
      const killedAt = said.at(-1)?.atMillis ?? 0;
      const lostMillis = oldest ? killedAt - oldest.atMillis : 0;
      total.lostRecords = Math.max(total.lostRecords, lost.length);
      total.lostMillis = Math.max(total.lostMillis, lostMillis);
      if (lost.length > 256 && lostMillis > 200) total.tooMuch++;
      total.spooled += said.length;
    }
    return { ...options, ...total };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What is wrong with a report, in words. */
export function spoolKillProblems({ tooMuch, corrupt, slowestStartMillis }: SpoolKillReport): readonly string[] {
  const problems: string[] = [];
  if (tooMuch > 0) problems.push(`${tooMuch} times more than 200 ms and 256 records lost`);
  if (corrupt > 0) problems.push(`${corrupt} records corrupt`);
  if (slowestStartMillis > 2000) problems.push(`started after ${slowestStartMillis.toFixed()} ms`);
  return problems;
}

/** A report in one line. */
export function describeSpoolKill(report: SpoolKillReport): string {
  const { kills, harm, spooled, perSecond, lostRecords, lostMillis, corrupt, slowestStartMillis } = report;
  return (
    `${kills} times killed while spooling ${perSecond} events/s${SAID_OF[harm]}: ` +
    `${spooled} spooled, at most ${lostRecords} or ${lostMillis.toFixed()} ms lost by one, ${corrupt} corrupt, started ` +
    `within ${slowestStartMillis.toFixed()} ms`
  );
}

/** Harm that takes nothing away which was once read back whole. */
const HARMLESS: ReadonlySet<Harm> = new Set<Harm>(['none', 'cut']);

const SAID_OF: Readonly<Record<Harm, string>> = {
  none: '',
  cut: ', and cut back to what was synced',
  truncate: ', and the last 4 kB cut somewhere',
  flip: ', and 8 bits flipped in the last 4 kB',
};

interface Said {
  readonly number: number;
  readonly synced: number;
  readonly atMillis: number;
}

async function spoolUntilKilled(
  folder: string,
  { first, perSecond }: { readonly first: number; readonly perSecond: number },
): Promise<readonly Said[]> {
  const program = compiled('tests/faults/programs/spooling');
  const child = spawn(process.execPath, [program, folder, String(first), String(perSecond)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: Said[] = [];
  const lines = createInterface(child.stdout).on('line', (line) => {
    const [number = Number.NaN, synced = 0, atMillis = 0] = line.split(' ').map(Number);
    said.push({ number, synced, atMillis });
    // Somewhere between two commits, and some after the first.
    if (said.length === 1) setTimeout(() => child.kill('SIGKILL'), 150 + Math.random() * 350);
  });
  await Promise.all([once(child, 'close'), once(lines, 'close')]);
  if (child.signalCode !== 'SIGKILL') throw new Error('expected to kill the process, found that it ended before');
  // The last line may be torn.
  return said.filter(({ atMillis }) => atMillis > 0);
}

const TAIL_BYTES = 4096;
const FLIPS = 8;

async function harmLast(folder: string, harm: Harm, synced: number): Promise<void> {
  const files = await segmentFiles(folder);
  const last = files.at(-1);
  if (last === undefined || harm === 'none') return;
  const size = await sizeOf(last);
  const inTail = (): number => size - 1 - Math.floor(Math.random() * Math.min(TAIL_BYTES, size));
  if (harm === 'truncate') return truncate(last, inTail());
  if (harm === 'cut') {
    const sizes = await Promise.all(files.slice(0, -1).map(sizeOf));
    const before = sizes.reduce((sum, bytes) => sum + bytes, 0);
    if (synced >= before) await truncate(last, synced - before);
    return;
  }
  const handle = await open(last, 'r+');
  for (let flip = 0; flip < FLIPS; flip++) {
    const position = inTail();
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, position);
    byte.writeUInt8(byte.readUInt8() ^ (1 << (flip % 8)));
    await handle.write(byte, 0, 1, position);
  }
  await handle.close();
}

interface Left {
  readonly numbers: ReadonlySet<number>;
  /** Records that came back changed or twice. */
  readonly changed: number;
  /** Records that the spool itself says are damaged. */
  readonly damaged: number;
  readonly startMillis: number;
}

async function takeUp(folder: string): Promise<Left> {
  const started = performance.now();
  const { spool } = await Spool.open({ folder, clock: systemClock });
  const startMillis = performance.now() - started;
  const numbers = new Set<number>();
  let changed = 0;
  for (;;) {
    const batch = await spool.read('normal', spool.next('normal'));
    if (batch.length === 0) break;
    for (const { record } of batch) {
      const number = record.body.readDoubleLE();
      if (numbers.has(number) || !record.body.equals(spooledBody(number))) changed++;
      numbers.add(number);
    }
  }
  const damaged = spool.counters().drops.damaged;
  await spool.close();
  return { numbers, changed, damaged, startMillis };
}
