import { brokerGone, brokerGoneProblems } from '../faults/brokerGone';
import type { Figure } from './measure';

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
