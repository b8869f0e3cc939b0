import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { brokerGone, brokerGoneProblems } from '../faults/brokerGone';
import type { Figure } from './measure';
import { runProgram } from './runProgram';

const LEAST_PER_SECOND = 1500;
const RECEIVE_MAXIMUM = 100;
const ROUND_TRIP_MILLIS = 20;

/** How fast events that waited for a broker reach it when it is back, over a slow network (tests/faults measures more). */
export async function benchDrain({ events }: { readonly events: number }): Promise<Figure> {
  const report = await brokerGone({ events, receiveMaximum: RECEIVE_MAXIMUM, roundTripMillis: ROUND_TRIP_MILLIS });
  const { ratePerSecond, lost, doubled, outOfOrder } = report;
  return {
    name: `spool drain at ${ROUND_TRIP_MILLIS} ms round trip, Receive Maximum ${RECEIVE_MAXIMUM}`,
    measured: `${ratePerSecond.toFixed(0)} messages/s (${events} events: ${lost} lost, ${doubled} doubled, ${outOfOrder} out of order)`,
    budget: `≥ ${LEAST_PER_SECOND} messages/s`,
    holds: ratePerSecond >= LEAST_PER_SECOND && brokerGoneProblems(report).length === 0,
    details: { ratePerSecond, events, lost, doubled, outOfOrder },
  };
}

const LARGEST_GROWTH_MEGABYTES = 50;

/** By how much the resident memory of a process grows that spools events while its broker is gone, at most. */
export async function benchSpooling({
  folder,
  events,
}: {
  readonly folder: string;
  readonly events: number;
}): Promise<Figure> {
  const scratch = await mkdtemp(path.join(folder, 'spooling-'));
  try {
    const output = await runProgram('spooledEvents', { flags: ['--expose-gc'], args: [String(events), scratch] });
    const growth = Number(output);
    return {
      name: `resident memory while ${events} events are spooled, broker gone`,
      measured: `+${growth.toFixed(0)} MB at most`,
      budget: `< ${LARGEST_GROWTH_MEGABYTES} MB`,
      holds: output.trim() !== '' && growth < LARGEST_GROWTH_MEGABYTES,
      details: { growth, events },
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
