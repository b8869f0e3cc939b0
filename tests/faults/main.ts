/** Breaks things on purpose, many times: see {@link USAGE}. */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { messageOf } from '../../runtime/errors';
import { withoutMosquitto } from '../support/mosquitto';
import { withoutSmallDisk } from '../support/smallDisk';
import { brokerGone, brokerGoneProblems, describeBrokerGone } from './brokerGone';
import { describeDiskFull, diskFull, diskFullProblems } from './diskFull';
import { ENDINGS, type Ending, endOnce, slowBundle } from './endings';
import type { Found } from './found';
import { describeReplug, replug, replugProblems } from './replug';
import { ROWS } from './rows';
import { describeSpoolKill, spoolKill, spoolKillProblems } from './spoolKill';

const USAGE = `Ends processes in the middle of native calls, in every way that a process can end; then unplugs a serial sensor
and plugs it in again, four times as often (needs socat). Kills processes while they spool events, fills a disk under a
spool (needs root), and lets a broker be away for 144,000 events (needs mosquitto). Then the other rows of the fault
matrix (docs/faults.md): a broker that flaps or says no, half-open connections, clocks that jump, slow encoders, crashed
workers, readings that mean nothing, and a soak; and a Node-RED that is deployed again and again, and killed.

  npm run faults [-- --times N] [--only ROWS]

  --times N   how often each, 1 to 10000 (default 50)
  --only ROWS only these rows of the matrix, such as F5,F21; docs/faults.md says which can be named
              (M1, which needs 12 GB of disk, runs from 50 times on, or where it is named)
  --help      this text

Exit code 0: all went as it should. 1: something else happened. 2: wrong arguments.
`;

async function main(args: readonly string[]): Promise<number> {
  const options = optionsOf(args);
  if (options.kind === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (options.kind === 'wrong') {
    process.stderr.write(`${options.message}\n\n${USAGE}`);
    return 2;
  }
  if (options.only !== undefined) return exitCode(await faultsOfRows(options.times, options.only));
  showProgress('making a bundle whose encoder takes long');
  const bundle = await slowBundle();
  let failures = 0;
  try {
    for (const scenario of ENDINGS) failures += await repeat(scenario, bundle.directory, options.times);
  } finally {
    await bundle.remove();
  }
  failures += await unplug(REPLUGS_A_TIME * options.times);
  failures += await faultsOfSpool(options.times);
  failures += await faultsOfRows(options.times, undefined);
  return exitCode(failures);
}

function exitCode(failures: number): number {
  console.log(failures === 0 ? 'All went as it should.' : `${failures} went otherwise.`);
  return failures === 0 ? 0 : 1;
}

type Options =
  | { readonly kind: 'run'; readonly times: number; readonly only: ReadonlySet<string> | undefined }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

function optionsOf(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        times: { type: 'string', default: '50' },
        only: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const times = Number(values.times);
    const only = values.only === undefined ? undefined : new Set(values.only.split(','));
    const known = new Set(ROWS.map(({ row }) => row));
    const unknown = [...(only ?? [])].filter((row) => !known.has(row));
    if (unknown.length > 0) {
      return {
        kind: 'wrong',
        message: `Expected --only with some of ${[...known].join(',')}, found "${unknown.join(',')}"`,
      };
    }
    if (/^\d+$/.test(values.times) && times >= 1 && times <= 10_000) return { kind: 'run', times, only };
    return { kind: 'wrong', message: `Expected --times to be a whole number from 1 to 10000, found "${values.times}"` };
  } catch (error) {
    return { kind: 'wrong', message: messageOf(error) };
  }
}

/** Cycles of unplugging and plugging in for each time of the endings. */
const REPLUGS_A_TIME = 4;

/** Unplugs and plugs in, and prints the verdict; resolves to the number of problems. */
async function unplug(cycles: number): Promise<number> {
  if (spawnSync('socat', ['-V']).error !== undefined) {
    console.log('skip unplugging: socat is missing: apt-get install socat');
    return 0;
  }
  showProgress(`unplugging ${cycles} times`);
  const report = await replug(cycles);
  const problems = replugProblems(report);
  return verdict(describeReplug(report), problems);
}

/** Kills while spooling, with and without a cut, for each time of the endings: 200 altogether by default. */
const KILLS_A_TIME = 2;

/** Events a second meanwhile: a hundred times what a busy node has. */
const SPOOLED_PER_SECOND = 500;

/** Eight hours of five events a second. */
const EVENTS = 144_000;

/** What must be drained in a second at 20 ms round trip (design.md); 20 is mosquitto's own Receive Maximum. */
function drainsOf(times: number) {
  return [
    { events: EVENTS, receiveMaximum: 100, leastPerSecond: 1500 },
    { events: EVENTS / 10, receiveMaximum: 20, leastPerSecond: 600 },
    // F2: 64 in flight every 200 ms are 320 a second at best, so that the whole of it takes six minutes.
    { events: times >= 50 ? 100_000 : 20_000, receiveMaximum: 100, roundTripMillis: 200, leastPerSecond: 250 },
  ] as const;
}

/** Breaks what messages that must arrive depend on; resolves to the number of problems. */
async function faultsOfSpool(times: number): Promise<number> {
  let problems = 0;
  for (const harm of ['none', 'cut', 'truncate', 'flip'] as const) {
    showProgress(`killing ${KILLS_A_TIME * times} times while spooling`);
    const report = await spoolKill({ kills: KILLS_A_TIME * times, perSecond: SPOOLED_PER_SECOND, harm });
    problems += verdict(describeSpoolKill(report), spoolKillProblems(report));
  }
  if (withoutSmallDisk) console.log(`skip a full disk: ${withoutSmallDisk}`);
  else {
    const report = await diskFull();
    problems += verdict(describeDiskFull(report), diskFullProblems(report));
  }
  if (withoutMosquitto) {
    console.log(`skip a broker that is away: ${withoutMosquitto}`);
    return problems;
  }
  for (const { leastPerSecond, ...options } of drainsOf(times)) {
    showProgress(`broker gone for ${options.events} events, Receive Maximum ${options.receiveMaximum}`);
    const report = await brokerGone({ roundTripMillis: 20, ...options });
    const tooSlow = report.ratePerSecond < leastPerSecond ? [`expected ${leastPerSecond} messages/s`] : [];
    problems += verdict(describeBrokerGone(report), [...brokerGoneProblems(report), ...tooSlow]);
  }
  return problems;
}

/** Runs the rows of the matrix that are programs of their own; resolves to the number of problems. */
async function faultsOfRows(times: number, only: ReadonlySet<string> | undefined): Promise<number> {
  let problems = 0;
  for (const { row, skip = false, leastTimes = 0, full } of ROWS) {
    if (only === undefined ? times < leastTimes : !only.has(row)) continue;
    if (skip !== false) {
      console.log(`skip ${row}: ${skip}`);
      continue;
    }
    showProgress(row);
    const found: Found = await full(times).catch((error: unknown) => ({
      description: 'failed',
      problems: [messageOf(error)],
    }));
    problems += verdict(`${row} ${found.description}`, [...found.problems, ...(found.tooSlow ?? [])]);
  }
  return problems;
}

/** Prints a report in one line, and its problems below; returns how many these are. */
function verdict(description: string, problems: readonly string[]): number {
  showProgress('');
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${description}`);
  for (const problem of problems) console.log(`     ${problem}`);
  return problems.length;
}

/** Runs `scenario` and prints the verdict; resolves to the number of failures. */
async function repeat(scenario: Ending, directory: string, times: number): Promise<number> {
  const { activity, ending, expected } = scenario;
  const name = `${ending} while ${activity}`;
  const wrong: string[] = [];
  for (let run = 0; run < times; run++) {
    showProgress(`${name}: ${run + 1} of ${times}`);
    try {
      const found = await endOnce(scenario, directory);
      if (found !== expected) wrong.push(`ended with ${found}`);
    } catch (error) {
      wrong.push(messageOf(error));
    }
  }
  showProgress('');
  console.log(
    `${wrong.length === 0 ? 'ok  ' : 'FAIL'} ${name}: ${times - wrong.length} of ${times} ended with ${expected}`,
  );
  for (const [reason, count] of tally(wrong)) console.log(`     ${count} ×: ${reason}`);
  return wrong.length;
}

/** One line that each call overwrites, where somebody watches. */
function showProgress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
}

function tally(reasons: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return counts;
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
