import assert from 'node:assert/strict';
import { cursorText, parseCursor } from '../../runtime/mqtt/spool/cursorFile';
import { encodeRecord, recordAt } from '../../runtime/mqtt/spool/record';
import { SequenceSet } from '../../runtime/mqtt/spool/sequenceSet';
import type { FuzzTarget } from './target';

export const target: FuzzTarget = {
  name: 'spool',
  run(input) {
    const bytes = Buffer.from(input);
    parseCursor(bytes.toString());
    for (let at = 0; at < bytes.length; ) {
      const found = recordAt(bytes, at);
      if (found.kind === 'partial') {
        assert.ok(found.bytes > bytes.length - at, 'more is asked for than there is');
        return;
      }
      assert.ok(found.end > at && found.end <= bytes.length, 'goes on');
      // Only what could have been written comes out.
      if (found.kind === 'record')
        assert.deepEqual(recordAt(encodeRecord(found.record), 0), { ...found, end: found.end - at });
      at = found.end;
    }
  },
  seeds() {
    const settled = new SequenceSet();
    settled.add(0, 12);
    settled.add(20, 40);
    return [Buffer.concat(['', 'a', 'x'.repeat(300)].map(record)), Buffer.from(cursorText(settled))];
  },
};

function record(text: string, sequence: number): Buffer {
  return encodeRecord({
    sequence,
    kind: 1,
    storedMillis: 1_700_000_000_000,
    lifeSeconds: 604_800,
    boot: 7,
    monotonicMillis: 1000 * sequence,
    body: Buffer.from(text),
  });
}
