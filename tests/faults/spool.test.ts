import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withoutMosquitto } from '../support/mosquitto';
import { withoutSmallDisk } from '../support/smallDisk';
import { brokerGone, describeBrokerGone } from './brokerGone';
import { describeDiskFull, diskFull, diskFullProblems } from './diskFull';
import { describeSpoolKill, spoolKill, spoolKillProblems } from './spoolKill';

describe('events while the broker is gone', { skip: withoutMosquitto }, () => {
  for (const [protocol, receiveMaximum] of [
    ['5', 100],
    ['5', 20],
    ['5', 1],
    ['3.1.1', 100],
  ] as const) {
    it(`all arrive, once, in order (MQTT ${protocol}, Receive Maximum ${receiveMaximum})`, async (context) => {
      const events = receiveMaximum === 1 ? 1500 : 4000;
      const report = await brokerGone({ events, receiveMaximum, roundTripMillis: 0, protocol });
      context.diagnostic(describeBrokerGone(report));
      const { lost, doubled, outOfOrder, left } = report;
      assert.deepEqual({ lost, doubled, outOfOrder, left }, { lost: 0, doubled: 0, outOfOrder: 0, left: 0 });
    });
  }
});

/** Fifty times what a busy node has; at more, the time of one sync of a busy disk is worth more than 256 events. */
const PER_SECOND = 250;

describe('a slow link (row F2)', { skip: withoutMosquitto }, () => {
  for (const [roundTripMillis, events] of [
    [20, 2000],
    [200, 600],
  ] as const) {
    it(`of ${roundTripMillis} ms round trip delivers all that waited, once`, async (context) => {
      const report = await brokerGone({ events, receiveMaximum: 100, roundTripMillis });
      context.diagnostic(describeBrokerGone(report));
      const { lost, doubled, outOfOrder, left } = report;
      assert.deepEqual({ lost, doubled, outOfOrder, left }, { lost: 0, doubled: 0, outOfOrder: 0, left: 0 });
    });
  }
});

describe('a process that is killed while it spools', () => {
  for (const harm of ['none', 'cut', 'truncate', 'flip'] as const) {
    it(`loses 200 ms or 256 events at most (what else a loss of power does: ${harm})`, async (context) => {
      const report = await spoolKill({ kills: 3, perSecond: PER_SECOND, harm });
      context.diagnostic(describeSpoolKill(report));
      // How long a start takes is measured by npm run faults, alone on the machine.
      assert.deepEqual(spoolKillProblems({ ...report, slowestStartMillis: 0 }), []);
    });
  }
});

describe('a disk that is full', { skip: withoutSmallDisk }, () => {
  it('stops nothing: what fits in memory waits, and is written when there is room', async (context) => {
    const report = await diskFull();
    context.diagnostic(describeDiskFull(report));
    assert.deepEqual(diskFullProblems(report), []);
  });
});
