import { parseArgs } from 'node:util';
import { events } from '../../../devices/simulated/events/catalogue';
import type { Interval } from './figures';
import { OVERSTAY_SECONDS, TOLERANCE_SECONDS } from './judge';
import { runTruth, type TruthReport } from './truthRun';

const LEAST_RECALL = 0.9;
const MOST_FALSE_ALARMS = 6;

/**
 * What the pipeline finds of what really happens: scenarios by seed through simulated devices that speak wire bytes.
 *
 *     npm run world -- truth --seed 1 --scenarios 20 --seconds 300 --json
 *
 * @returns Whether all sensors together reach the goal.
 */
export async function truthMain(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '1' },
      scenarios: { type: 'string', default: '20' },
      seconds: { type: 'string', default: '300' },
      json: { type: 'boolean', default: false },
    },
  });
  const seed = whole('--seed', values.seed);
  const scenarios = Math.max(1, whole('--scenarios', values.scenarios));
  const seconds = Math.max(1, whole('--seconds', values.seconds));
  const began = performance.now();
  const report = await runTruth({
    seed,
    scenarios,
    seconds,
    played: (one) => console.error(`seed ${one} played, ${((performance.now() - began) / 1000).toFixed(0)} s`),
  });
  const wallSeconds = (performance.now() - began) / 1000;
  if (values.json) console.log(JSON.stringify({ seed, scenarios, seconds, wallSeconds, ...report }, null, 2));
  else print(report, { seed, scenarios, seconds, wallSeconds });
  const { recall, falseAlarmsAnHour } = report.together;
  return recall.value >= LEAST_RECALL && falseAlarmsAnHour.value <= MOST_FALSE_ALARMS;
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`expected ${name} with a whole number, found ${text}`);
}

function print(
  report: TruthReport,
  run: { readonly seed: number; readonly scenarios: number; readonly seconds: number; readonly wallSeconds: number },
): void {
  const { seed, scenarios, seconds, wallSeconds } = run;
  console.log(
    `${scenarios} scenarios of ${seconds} s, seeds ${seed} to ${seed + scenarios - 1}, in ${wallSeconds.toFixed(0)} s. A detection counts within ${TOLERANCE_SECONDS} s of what happened, and may outlast it by ${OVERSTAY_SECONDS} s.`,
  );
  console.log('of       kinds  happened  recall                 false alarms an hour');
  const line = (of: string, kinds: number, figures: TruthReport['everyEvent']): void => {
    const { recall, falseAlarmsAnHour } = figures;
    const share = interval(recall, (value) => `${(100 * value).toFixed(1)}`);
    const rate = interval(falseAlarmsAnHour, (value) => value.toFixed(1));
    console.log(
      [
        of.padEnd(8),
        String(kinds).padStart(5),
        String(figures.happened).padStart(9),
        ` ${share.padEnd(21)}`,
        rate,
      ].join(' '),
    );
  };
  for (const [of, figures] of Object.entries(report.sensors)) line(of, figures.kinds, figures);
  line('together', report.together.kinds, report.together);
  line('(every)', events.length, report.everyEvent);
  console.log('\nby event, all sensors together: found of happened, false alarms');
  for (const [event, { happened, found, falseAlarms }] of Object.entries(report.byEvent)) {
    console.log(`${event.padEnd(18)} ${String(found).padStart(3)} of ${String(happened).padEnd(3)} ${falseAlarms}`);
  }
}

function interval({ value, low, high }: Interval, text: (value: number) => string): string {
  return `${text(value)} (${text(low)} to ${text(high)})`;
}
