import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../../runtime/clock';
import { Spool } from '../../runtime/mqtt/spool/spool';
import { compiled } from '../support/paths';
import { spooledBody } from './spooledBody';

export interface SpoolKillOptions {
  readonly kills: number;
  readonly perSecond: number;
  /** Also take away what the disk did not have for certain, as a loss of power does. */
  readonly cut: boolean;
}

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
      if (options.cut) await cutBack(folder, said.at(-1)?.synced ?? 0);
      const left = await takeUp(folder);
      total.slowestStartMillis = Math.max(total.slowestStartMillis, left.startMillis);
      total.corrupt += left.corrupt + [...kept].filter((number) => !left.numbers.has(number)).length;
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
  const { kills, cut, spooled, perSecond, lostRecords, lostMillis, corrupt, slowestStartMillis } = report;
  return (
    `${kills} times killed while spooling ${perSecond} events/s${cut ? ', and cut back to what was synced' : ''}: ` +
    `${spooled} spooled, at most ${lostRecords} or ${lostMillis.toFixed()} ms lost by one, ${corrupt} corrupt, started ` +
    `within ${slowestStartMillis.toFixed()} ms`
  );
}

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

/** Only what was synced is left of the last file. */
async function cutBack(folder: string, synced: number): Promise<void> {
  const files = (await readdir(path.join(folder, 'normal'))).filter((name) => name.endsWith('.spool')).sort();
  const sizes = await Promise.all(files.map(async (name) => (await stat(path.join(folder, 'normal', name))).size));
  const last = files.at(-1);
  const before = sizes.slice(0, -1).reduce((sum, size) => sum + size, 0);
  if (last !== undefined && synced >= before) await truncate(path.join(folder, 'normal', last), synced - before);
}

async function takeUp(folder: string): Promise<{ numbers: ReadonlySet<number>; corrupt: number; startMillis: number }> {
  const started = performance.now();
  const { spool } = await Spool.open({ folder, clock: systemClock });
  const startMillis = performance.now() - started;
  const numbers = new Set<number>();
  let corrupt = spool.counters().drops.damaged;
  for (;;) {
    const batch = await spool.read('normal', spool.next('normal'));
    if (batch.length === 0) break;
    for (const { record } of batch) {
      const number = record.body.readDoubleLE();
      if (numbers.has(number) || !record.body.equals(spooledBody(number))) corrupt++;
      numbers.add(number);
    }
  }
  await spool.close();
  return { numbers, corrupt, startMillis };
}
