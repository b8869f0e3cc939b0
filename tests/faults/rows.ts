import { spawnSync } from 'node:child_process';
import { withoutMosquitto } from '../support/mosquitto';
import { blockedLoop } from './blockedLoop';
import { brokerFlaps } from './brokerFlaps';
import { clockJumps } from './clockJumps';
import { clockJumpsRun, withoutFaketime } from './clockJumpsRun';
import { connackErrors } from './connackErrors';
import type { Found } from './found';
import { halfOpen } from './halfOpen';
import { meaninglessInput, meaninglessVectors } from './meaningless';
import { nodeRedKill, nodeRedRedeploys } from './nodeRedRedeploys';
import { pulledModel } from './pulledModel';
import { slowConsumer } from './slowConsumer';
import { slowEncoder } from './slowEncoder';
import { soak } from './soak';
import { spoolFlips } from './spoolFlips';
import { workerCrash } from './workerCrash';

const withoutSocat = spawnSync('socat', ['-V']).error === undefined ? false : 'socat is missing: apt-get install socat';

/** A row of the fault matrix (reference/anchors.md §3.2), or one of Node-RED's (R) or of models (M), as a program. */
export interface Row {
  readonly row: string;
  /** Why it cannot be run here; `false` when it can. */
  readonly skip?: string | false;
  /** It takes minutes and gigabytes: in shorter runs only where it is named. */
  readonly leastTimes?: number;
  /** How large it is under `npm run faults`, at 50 times; and in `npm test`, where it is in there. */
  full(times: number): Promise<Found>;
  small?(): Promise<Found>;
}

const share = (times: number, ofFifty: number): number => Math.max(1, Math.round((ofFifty * times) / 50));

export const ROWS: readonly Row[] = [
  {
    row: 'F3',
    skip: withoutMosquitto,
    full: (times) => brokerFlaps({ flaps: share(times, 100), periodMillis: 3000, backlog: 20_000, times: 1 }),
    small: () => brokerFlaps({ flaps: 3, periodMillis: 400, backlog: 2000, times: 20 }),
  },
  ...[136, 137, 135].map((code): Row => {
    const run = () => connackErrors({ code, refusals: 10 });
    return { row: 'F4', full: run, small: run };
  }),
  {
    row: 'F5',
    skip: withoutMosquitto,
    full: () => halfOpen({ keepaliveSeconds: 20 }),
    small: () => halfOpen({ keepaliveSeconds: 1 }),
  },
  { row: 'F10', full: (times) => spoolFlips({ rounds: times }), small: () => spoolFlips({ rounds: 3 }) },
  ...(['set', '1970'] as const).map(
    (start): Row => ({
      row: 'F14',
      full: (times) => clockJumps({ start, rounds: share(times, 10) }),
      ...(start === 'set' ? { small: () => clockJumps({ start, rounds: 1 }) } : {}),
    }),
  ),
  {
    row: 'F14',
    skip: withoutMosquitto || withoutFaketime,
    full: () => clockJumpsRun(),
    small: () => clockJumpsRun(),
  },
  { row: 'F15', full: (times) => slowEncoder({ windows: share(times, 60) }), small: () => slowEncoder({ windows: 3 }) },
  { row: 'F15', full: (times) => slowConsumer({ blocks: share(times, 20) }), small: () => slowConsumer({ blocks: 1 }) },
  ...[30, 1].map(
    (keepaliveSeconds): Row => ({
      row: 'F16',
      skip: withoutMosquitto,
      full: () => blockedLoop({ blockedMillis: 3000, keepaliveSeconds }),
      small: () => blockedLoop({ blockedMillis: 1700, keepaliveSeconds }),
    }),
  ),
  { row: 'F17', full: (times) => workerCrash({ crashes: share(times, 20) }), small: () => workerCrash({ crashes: 1 }) },
  {
    row: 'F20',
    skip: withoutMosquitto,
    full: (times) => soak({ hours: share(times, 24) }),
    small: () => soak({ hours: 0.09 }),
  },
  ...(['zero', 'saturated', 'NaN', 'infinite'] as const).map((what): Row => {
    const full = () => meaninglessInput(what);
    return { row: 'F21', full, ...(what === 'infinite' ? {} : { small: full }) };
  }),
  ...(['nan', 'infinite', 'zero'] as const).map((fault): Row => {
    const full = () => meaninglessVectors(fault);
    return { row: 'F21', full, ...(fault === 'infinite' ? {} : { small: full }) };
  }),
  {
    row: 'R1',
    skip: withoutMosquitto || withoutSocat,
    full: (times) => nodeRedRedeploys({ deploys: Math.max(2, times) }),
    small: () => nodeRedRedeploys({ deploys: 5 }),
  },
  // `npm test` has it with each version: tests/nodes/publish.test.ts.
  { row: 'R2', skip: withoutMosquitto, full: () => nodeRedKill({ events: 200 }) },
  // Small in tests/runtime/cli/{pull,setup}.test.ts.
  { row: 'M1', leastTimes: 50, full: () => pulledModel({ interruptions: 10 }) },
];
