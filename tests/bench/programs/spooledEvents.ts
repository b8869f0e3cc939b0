/**
 * `node --expose-gc spooledEvents.js EVENTS FOLDER`: posts events while there is no broker, as fast as the disk takes them.
 * Prints by how many megabytes its resident memory grew meanwhile, at most.
 */
import { systemClock } from '../../../runtime/clock';
import { Outbox } from '../../../runtime/mqtt/sender/outbox';
import { postEvent } from '../../faults/found';

/** Flushed together. */
const TOGETHER = 256;

async function main([events = '', folder = '']: readonly string[]): Promise<void> {
  const outbox = await Outbox.open({ folder, clock: systemClock });
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let largest = before;
  for (let index = 0; index < Number(events); index++) {
    postEvent(outbox, index);
    if (index % TOGETHER < TOGETHER - 1) continue;
    await outbox.flush();
    largest = Math.max(largest, process.memoryUsage.rss());
  }
  await outbox.close();
  console.log((largest - before) / 1e6);
}

void main(process.argv.slice(2));
