import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { events, perceivableTo } from '../../../../devices/simulated/events/catalogue';
import type { Sensor } from '../../../../devices/simulated/sensor';
import type { EmbeddedScenes, Signal } from '../../../../runtime/learn/evaluate/embedScenes';
import { judgeSensor } from '../../../../runtime/learn/evaluate/judgeSensor';
import { drawsOf, labelledScenes } from '../../../../runtime/learn/evaluate/labelledScenes';
import type { ModalityReport } from '../../../../runtime/learn/evaluate/report';
import { classifierFigures, zeroShotFigures } from '../../../../runtime/learn/evaluate/sensorFigures';

const SENSOR: Sensor = 'audio';
const PER_EVENT = 6;

/** One axis an event, and one for "nothing". */
function axis(place: number): Float32Array {
  return Float32Array.from({ length: events.length + 1 }, (_, at) => (at === place ? 1 : 0));
}

const prototypes = events.map(({ id }, at) => ({ event: id, vector: axis(at) }));

/**
 * Scenes in which a perfect encoder gives each event that it perceives its own vector, and one vector to all others. The
 * raw signal tells whether the number of the event is odd, and the nearest neighbour knows each second draw.
 */
function perfect(sensor: Sensor): EmbeddedScenes {
  const scenes = events.flatMap(({ id }) =>
    Array.from({ length: PER_EVENT }, (_, seed) => ({ seed, room: 'kitchen', events: [id] })),
  );
  const place = (id: string, by: Sensor): number => {
    const at = events.findIndex((event) => event.id === id);
    return events[at]!.sensors.includes(by) ? at : events.length;
  };
  const vectors = (by: Sensor): readonly Float32Array[] => scenes.map(({ events: [id = ''] }) => axis(place(id, by)));
  const signals = scenes.map(({ events: [id = ''] }): Signal => {
    const at = events.findIndex((event) => event.id === id);
    return { features: [at % 2, at], nearestRaw: [id, 'none'], nearestInput: [id, id] };
  });
  return {
    scenes,
    vectors: new Map([
      [sensor, vectors(sensor)],
      ['vision', vectors('vision')],
    ]),
    captions: vectors('vision'),
    signals: new Map([[sensor, signals]]),
  };
}

describe('the judgement of one sensor', () => {
  let report: ModalityReport;
  const count = (test: (sensors: readonly Sensor[]) => boolean): number =>
    events.filter(({ sensors }) => test(sensors)).length;

  before(async () => {
    const scenes = perfect(SENSOR);
    const evidence = { new: scenes, held: scenes, labelled: scenes, prototypes, paraphrased: prototypes, seed: 3 };
    const input = { kind: 'series', channels: 1, rateHz: 1, windowSeconds: 1, samples: 1 } as const;
    report = await judgeSensor({ sensor: SENSOR, input, preset: 'raw' }, evidence);
  });

  it('gives a perfect encoder all events that it perceives, and all others by chance', () => {
    const heard = count((sensors) => sensors.includes(SENSOR));
    assert.equal(report.perceivable, heard);
    assert.equal(report.new.top1.value, 1);
    assert.equal(report.new.top1.scenes, heard * PER_EVENT);
    assert.equal(report.held.top1.value, 1);
    const shown = count((sensors) => sensors.includes(SENSOR) && sensors.includes('vision'));
    assert.equal(report.shown.top1.scenes, shown * PER_EVENT);
    assert.equal(report.everyScene.new.top1.scenes, events.length * PER_EVENT);
    const unheard = events.length - heard;
    // "Nothing" is as far from every label: it gets one of all labels, each as often.
    assert.ok(Math.abs(report.everyScene.new.top1.value - (heard + unheard / events.length) / events.length) < 1e-9);
  });

  it('judges what it cannot perceive among those labels only, new and held-out scenes together', () => {
    const unheard = events.filter(({ sensors }) => !sensors.includes(SENSOR));
    assert.deepEqual(
      report.blind?.events,
      unheard.map(({ id }) => id),
    );
    assert.equal(report.blind?.top1.scenes, 2 * unheard.length * PER_EVENT);
    assert.ok(Math.abs(report.blind!.top1.value - 1 / unheard.length) < 1e-9);
    assert.equal(report.blind!.chance, 1 / unheard.length);
  });

  it('names the events that are heard and not seen', () => {
    const unshown = events.filter(({ sensors }) => sensors.includes(SENSOR) && !sensors.includes('vision'));
    assert.deepEqual(
      report.unshown?.events,
      unshown.map(({ id }) => id),
    );
    assert.equal(report.unshown?.top1.value, 1);
  });

  it('asks of retrieval only what both perceive, and shares hits among scenes of the same event', () => {
    const both = count((sensors) => sensors.includes(SENSOR) && sensors.includes('vision')) * PER_EVENT;
    assert.equal(report.toImage?.pool, both);
    assert.ok(Math.abs(report.toImage!.recall.at1.value - 1 / PER_EVENT) < 1e-9);
    assert.equal(report.toCaption.recall.at10.value, 1);
  });

  it('puts the raw signal beside it: a linear classifier, and the mean over the draws of neighbours', () => {
    assert.equal(report.nearestRaw.value, 1 / 2);
    assert.equal(report.nearestInput.value, 1);
    assert.ok(report.trivial.top1.value > 1 / events.length && report.trivial.top1.value < 1);
    assert.equal(report.recallOfEvent['gas_leak'], 1);
    assert.equal(report.recallOfEvent['smoke'], undefined);
  });
});

describe('figures of towers that are in no bundle', () => {
  const { scenes, vectors } = perfect(SENSOR);
  const asked = { sensor: SENSOR, scenes, rows: vectors.get(SENSOR)!, seed: 3 };

  it('are those of the report, and of one event where it was left out of training', async () => {
    const { top1 } = await zeroShotFigures({ ...asked, prototypes });
    assert.deepEqual([top1.value, top1.scenes], [1, perceivableTo(SENSOR).length * PER_EVENT]);
    const one = await zeroShotFigures({ ...asked, prototypes, event: 'fire' });
    assert.deepEqual([one.top1.value, one.top1.scenes], [1, PER_EVENT]);
  });

  it('count the highest score of a classifier, in the order of the labels', async () => {
    assert.equal((await classifierFigures(asked)).top1.value, 1);
    const shifted = asked.rows.map((row) => Float32Array.from(row, (_, at) => row[at - 1] ?? 0));
    assert.equal((await classifierFigures({ ...asked, rows: shifted })).top1.value, 0);
  });
});

describe('labelled scenes', () => {
  it('show one event each, as many of each, and make draws with every label once', async () => {
    const scenes = await labelledScenes(3, 1);
    assert.equal(scenes.length, 3 * events.length);
    assert.ok(scenes.every((scene) => scene.events.length === 1));
    const draws = drawsOf(scenes, 5);
    assert.equal(draws.length, 3);
    for (const draw of draws)
      assert.deepEqual(
        draw.map(({ events: [id] }) => id),
        events.map(({ id }) => id),
      );
    assert.equal(new Set(draws.flat().map(({ seed }) => seed)).size, scenes.length);
  });
});
