/**
 * Puts events into a spool, as fast as it is told to, until it is killed. A line on the standard output for each:
 * its number, and the bytes of the spool that are synced at that moment (spoolKill.ts).
 *
 *     node spooling.js FOLDER FIRST PER_SECOND
 */
import { writeSync } from 'node:fs';
import { systemClock } from '../../../runtime/clock';
import { Spool } from '../../../runtime/mqtt/spool/spool';
import { spooledBody } from '../spooledBody';

const TURN_MILLIS = 5;

async function main([folder = '', first = '', perSecond = '']: readonly string[]): Promise<void> {
  const { spool } = await Spool.open({ folder, clock: systemClock });
  let number = Number(first);
  const started = performance.now();
  setInterval(() => {
    const due = Number(first) + ((performance.now() - started) / 1000) * Number(perSecond);
    for (; number < due; number++) {
      spool.append('normal', { kind: 1, lifeSeconds: 0, body: spooledBody(number) });
      say(`${number} ${spool.counters().bytes} ${performance.timeOrigin + performance.now()}\n`);
    }
  }, TURN_MILLIS);
}

/** Not buffered, so that nothing that was said is lost; waits for a parent that does not read at the moment. */
function say(line: string): void {
  for (;;) {
    try {
      writeSync(process.stdout.fd, line);
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
}

void main(process.argv.slice(2));
