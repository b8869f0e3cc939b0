import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collectedMemory } from '../../../nodes/shared/collectedMemory';
import { LiveBoard, type LiveEvent } from '../../../nodes/shared/live/board';
import type { Preview } from '../../../nodes/shared/live/preview';
import type { ScoresPayload } from '../../../nodes/shared/payloads';
import type { AudioReading, Reading, ThermalReading } from '../../../runtime/reading';
import { ManualClock } from '../../support/manualClock';

const ONLINE = { state: 'online' } as const;
const base = { source: 'one', timeMicros: 0, monotonicMicros: 0, clockQuality: 'simulated', flags: [] } as const;

function tone(hertz: number): AudioReading {
  const sampleRateHz = 16_000;
  const sound = Float32Array.from({ length: sampleRateHz }, (_, index) =>
    Math.sin((2 * Math.PI * hertz * index) / sampleRateHz),
  );
  return { ...base, modality: 'audio', sampleRateHz, channels: [sound] };
}

/** A row of pixels from cold to hot, the first of which does not work. */
function warmth(width: number, height: number): ThermalReading {
  const values = Float32Array.from({ length: width * height }, (_, index) => (index === 0 ? 0 : 290 + index));
  const frame = collectedMemory.acquire(4)!;
  return { ...base, modality: 'thermal', width, height, values, unit: 'K', frame };
}

function boardWith(reading: Reading): { readonly board: LiveBoard; readonly clock: ManualClock } {
  const clock = new ManualClock();
  const board = new LiveBoard(clock);
  board.status('node', { source: 'one', modality: reading.modality, status: ONLINE });
  return { board, clock };
}

function previewOf(board: LiveBoard): Preview | undefined {
  return board.snapshot().sources[0]?.preview;
}

describe('what the live page is told', () => {
  it('has the loudest band where the tone is, and the level of a sine of full scale', () => {
    for (const hertz of [125, 1000, 4000]) {
      const { board } = boardWith(tone(hertz));
      board.snapshot();
      board.reading('node', tone(hertz));
      const preview = previewOf(board);
      assert.ok(preview?.kind === 'sound');
      const column = Buffer.from(preview.columns, 'base64').subarray(-preview.bands);
      const loudest = column.indexOf(Math.max(...column));
      const expected = preview.bands * (Math.log(hertz / 60) / Math.log(8000 / 60));
      assert.ok(Math.abs(loudest + 0.5 - expected) <= 1.5, `${hertz} Hz: band ${loudest}, expected ${expected}`);
      // A sine has half the power of a square wave: −3 dB.
      assert.ok(Math.abs(preview.levelDb + 3.01) < 0.2, String(preview.levelDb));
    }
  });

  it('gathers sound only while somebody looks', () => {
    const { board, clock } = boardWith(tone(1000));
    board.reading('node', tone(1000));
    assert.equal(previewOf(board), undefined, 'nobody has looked before');
    board.reading('node', tone(1000));
    assert.notEqual(previewOf(board), undefined);
    clock.sleep(6000);
    board.reading('node', tone(1000));
    assert.equal(previewOf(board), undefined, 'nobody has looked for six seconds');
  });

  it('is a small picture, with the temperatures of its colours and without the dead pixel', () => {
    const { board } = boardWith(warmth(192, 4));
    board.reading('node', warmth(192, 4));
    const preview = previewOf(board);
    assert.ok(preview?.kind === 'picture');
    assert.deepEqual([preview.width, preview.height], [96, 2]);
    assert.equal(Buffer.from(preview.rgb, 'base64').length, 96 * 2 * 3);
    assert.deepEqual(preview.range?.unit, '°C');
    assert.ok(Math.abs(preview.range.least - (291 - 273.15)) < 1e-3);
    assert.ok(Math.abs(preview.range.most - (290 + 192 * 4 - 1 - 273.15)) < 1e-3);
  });

  it('holds a bounded past of scores and events, and each event once', () => {
    const { board } = boardWith(tone(1000));
    for (let index = 0; index < 1000; index++) {
      board.scores('node', scores(index));
      board.event('node', event(`event-${index}`, 'new'));
      board.event('node', event(`event-${index}`, 'end'));
    }
    const { scores: histories, events } = board.snapshot();
    assert.equal(histories.length, 1);
    assert.equal(histories[0]?.past.length, 120);
    assert.equal(histories[0]?.past.at(-1)?.endMicros, 999);
    assert.deepEqual([events.length, events.at(-1)?.id, events.at(-1)?.phase], [100, 'event-999', 'end']);
    assert.equal(new Set(events.map(({ id }) => id)).size, 100);
  });

  it('shows no numbers where they mean nothing, and nothing of a node that was closed', () => {
    const { board } = boardWith(tone(1000));
    board.scores('node', { ...scores(1), meaningful: false });
    assert.deepEqual(board.snapshot().scores[0]?.past[0]?.probabilities, [null]);
    board.stage('node', { name: 'encode', figures: () => ({ perSecond: 1, drops: {}, steps: {} }) });
    board.forget('node');
    const { sources, stages, scores: histories } = board.snapshot();
    assert.deepEqual([sources, stages, histories], [[], [], []]);
  });
});

function scores(endMicros: number): ScoresPayload {
  return {
    kind: 'scores',
    source: 'one',
    best: null,
    top: [],
    startMicros: 0,
    endMicros,
    flags: [],
    labelSet: 'sounds@1',
    space: 'a space',
    labels: [{ label: 'alarm', title: 'alarm', probability: 0.5, cosine: 0.1, margin: 0.1 }],
    background: 0.5,
    bestBackgroundCosine: 0,
    scale: 20,
    calibration: null,
    meaningful: true,
  };
}

function event(id: string, phase: LiveEvent['phase']): LiveEvent {
  return { id, phase, title: 'alarm', source: 'one', probability: 0.9, startMicros: 1, endMicros: null };
}
