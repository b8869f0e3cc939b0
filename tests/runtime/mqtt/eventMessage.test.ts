import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DetectedEvent, eventId } from '../../../runtime/events/detectedEvent';
import { type EventMessage, eventMessage } from '../../../runtime/mqtt/eventMessage';
import { validators } from '../../../runtime/mqtt/messages';

const EVENT: DetectedEvent = {
  id: eventId({ node: 'box', rule: 'fire', startMicros: 1_700_000_000_000_000 }),
  rule: 'fire',
  phase: 'end',
  sequence: 3,
  severity: 'alarm',
  startMicros: 1_700_000_000_000_000,
  endMicros: 1_700_000_004_000_000,
  detectedMicros: 1_700_000_006_000_000,
  evidence: [
    { of: 'mic0', what: { kind: 'label', label: 'glass' }, isOn: false, value: 0.2, peak: 0.97 },
    { of: 'room', what: { kind: 'label', label: 'dog' }, isOn: false, value: null, peak: null },
    {
      of: 'heat0',
      what: { kind: 'measure', measure: 'maximum_celsius', unit: '°C' },
      isOn: false,
      value: null,
      peak: 93.5,
    },
  ],
  labelSet: 'house@7',
  reason: 'no-data',
  flags: ['replayed', 'gap'],
};

describe('the message of an event', () => {
  it('says what its contract says', () => {
    const message = eventMessage(EVENT, { boot: 'b1' });
    assert.deepEqual(message, {
      s: 'event/1',
      id: EVENT.id,
      event_type: 'fire',
      phase: 'end',
      rule: 'fire',
      src: ['mic0', 'heat0'],
      t_start: 1_700_000_000_000_000,
      t_end: 1_700_000_004_000_000,
      t_detect: 1_700_000_006_000_000,
      severity: 'alarm',
      p: 0.2,
      peak: 0.97,
      labels: ['glass', 'dog'],
      measures: [{ m: 'maximum_celsius', src: 'heat0', v: null, peak: 93.5, unit: '°C' }],
      set: 'house@7',
      cal: null,
      boot: 'b1',
      seq: 3,
      reason: 'no-data',
      historical: false,
      replayed: true,
      q: 16 + 32,
    } satisfies EventMessage);
    assert.deepEqual(validators['event/1'].Errors(message), []);
  });

  it('names those whose conditions hold, while some do', () => {
    const evidence = EVENT.evidence.map((one, index) => ({ ...one, isOn: index === 2 }));
    assert.deepEqual(eventMessage({ ...EVENT, evidence }, { boot: 'b1' }).src, ['heat0']);
  });

  it('is valid also of a node that believes it is 1969', () => {
    const early = { ...EVENT, startMicros: -5, endMicros: null, detectedMicros: -1, reason: null } as const;
    assert.deepEqual(validators['event/1'].Errors(eventMessage(early, { boot: 'b1' })), []);
  });
});

describe('the id of an event', () => {
  it('stays what it is: readers know an event by it', () => {
    // printf '%s' '["box","fire",1700000000000000]' | sha256sum
    assert.equal(EVENT.id, 'f65d1bac2718b412a9fad8c12c2bd8d4');
  });
});
