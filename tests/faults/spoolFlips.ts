import { Spool } from '../../runtime/mqtt/spool/spool';
import { withCleanUp } from '../support/cleanUp';
import { ManualClock } from '../support/manualClock';
import { flipByte, segmentFiles } from '../support/spoolFolder';
import { temporaryFolder } from '../support/temporaryFolder';
import { type Found, problemsOf } from './found';
import { spooledBody } from './spooledBody';

const RECORDS = 4000;
const SEGMENT_BYTES = 2 ** 16;

/** Row F10: one byte somewhere in every segment is another than it was. */
export async function spoolFlips({ rounds }: { readonly rounds: number }): Promise<Found> {
  const total = { segments: 0, lost: 0, counted: 0, worst: 0, wrong: 0 };
  for (let round = 0; round < rounds; round++) {
    const { segments, numbers, wrong, counted } = await flipOnce();
    total.segments += segments;
    total.lost += RECORDS - numbers;
    total.counted += counted;
    total.worst = Math.max(total.worst, RECORDS - numbers - segments);
    total.wrong += wrong;
  }
  return {
    description:
      `a byte flipped in each of ${total.segments} segments, ${rounds} × ${RECORDS} records: ${total.lost} lost, ` +
      `${total.counted} counted, ${total.wrong} came back wrong, doubled or out of order`,
    problems: problemsOf({
      'more than one record lost by a flip': total.worst > 0,
      'lost and counted differ': total.lost !== total.counted,
      [`${total.wrong} wrong`]: total.wrong > 0,
    }),
  };
}

function flipOnce(): Promise<{ segments: number; numbers: number; wrong: number; counted: number }> {
  return withCleanUp(async (context) => {
    const folder = await temporaryFolder(context);
    const options = { folder, clock: new ManualClock(), segmentBytes: SEGMENT_BYTES };
    const { spool: first } = await Spool.open(options);
    for (let number = 0; number < RECORDS; number++) {
      first.append('normal', { kind: 1, lifeSeconds: 0, body: spooledBody(number) });
      if (number % 64 === 63) await first.flush();
    }
    await first.close();
    const files = await segmentFiles(folder);
    for (const file of files) await flipByte(file, Math.floor(Math.random() * 2 ** 30));
    const { spool } = await Spool.open(options);
    let [numbers, wrong, last] = [0, 0, -1];
    for (;;) {
      const batch = await spool.read('normal', spool.next('normal'));
      if (batch.length === 0) break;
      for (const { record } of batch) {
        const number = record.body.readDoubleLE();
        if (number <= last || !record.body.equals(spooledBody(number))) wrong++;
        last = number;
        numbers++;
      }
    }
    const { drops, cutBytes } = spool.counters();
    await spool.close();
    // A flip in the last record of all looks as if it had not been written to its end.
    return { segments: files.length, numbers, wrong, counted: drops.damaged + Math.sign(cutBytes) };
  });
}
