import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ReplayClock } from '../../../devices/recording/replayClock';
import type { Scenario } from '../../../devices/simulated/scenario';
import { SENSORS, type Sensor } from '../../../devices/simulated/sensor';
import { type SimulatedSource, simulateReadings } from '../../../devices/simulated/simulateReadings';
import type { TruthSink } from '../../../devices/simulated/truth';
import type { Bundle } from '../../../models/bundle/bundle';
import type { Micros } from '../../../runtime/clock';
import type { Config, SourceConfig } from '../../../runtime/config/config';
import { FramePool } from '../../../runtime/frames';
import type { Engine } from '../../../runtime/inference/engine';
import { Outbox } from '../../../runtime/mqtt/sender/outbox';
import { Pipeline } from '../../../runtime/pipeline';
import type { PipelineEvent } from '../../../runtime/pipelineEvent';
import { WiredSource } from './wiredSource';

/** Everything that plays of one world share. */
export interface Stage {
  readonly config: Config;
  readonly bundle: Bundle;
  /** Runs on the same clock. */
  readonly engine: Engine;
  readonly clock: ReplayClock;
}

export interface Play {
  readonly scenario: Scenario;
  readonly seconds: number;
  /** What really happens, for whoever judges. */
  readonly truth?: TruthSink;
  readonly onEvent: (event: PipelineEvent) => void;
  /** The play begins when the broker of the configuration answers; else nobody may listen. */
  readonly waitsForBroker?: boolean;
  /** Called at whole seconds of the world; sources can be unplugged there. */
  readonly atSecond?: (second: number, sources: ReadonlyMap<string, WiredSource>) => void | Promise<void>;
}

/** Between two plays on one clock, so that nothing of one is remembered in the next. */
const PAUSE_MICROS = 60_000_000;

/** Pictures on their way to the encoder. */
const PICTURES = { frames: 16, bytes: 2 ** 26 };

/**
 * Plays a scenario through the pipeline in lock step, faster than real time: what each sensor sees goes over its wire,
 * and the next reading comes when every window that is complete was encoded and interpreted. The clock stands still
 * in between, so nothing is late and nothing is dropped.
 *
 * @returns The monotonic time of the world's second 0.
 * @throws {Error} when a window was lost.
 */
export async function playScenario({ config, bundle, engine, clock }: Stage, play: Play): Promise<Micros> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-truth-'));
  const outbox = await Outbox.open({ folder, clock });
  try {
    const startMicros = clock.monotonicMicros() + PAUSE_MICROS;
    const epochMinusMonotonic = clock.epochMicros() - clock.monotonicMicros();
    const goTo = (monotonicMicros: Micros): void =>
      clock.advance({ monotonicMicros, epochMicros: monotonicMicros + epochMinusMonotonic });
    goTo(startMicros);
    const memory = new FramePool(PICTURES);
    const chosen = config.sources.map((source) => ({ source, sensor: sensorOf(source) }));
    const sources = new Map(
      chosen.map(({ source: { id }, sensor }) => [id, new WiredSource(id, sensor, { clock, memory })]),
    );
    const failures: unknown[] = [];
    let isConnected = (): void => undefined;
    const connected = new Promise<void>((resolve) => {
      isConnected = resolve;
    });
    const pipeline = await Pipeline.create({
      config,
      bundle,
      engine,
      clock,
      outbox,
      access: { url: config.broker.url, clientId: config.broker.clientId },
      sources: chosen.map(({ source }) => ({ config: source, source: required(sources.get(source.id)) })),
      version: 'truth',
      onEvent: (event) => {
        if (event.kind === 'failed') failures.push(event.error);
        if (event.kind === 'broker' && event.event.kind === 'connected') isConnected();
        play.onEvent(event);
      },
    });
    pipeline.start();
    if (play.waitsForBroker) await connected;
    let second = -1;
    await simulateReadings({
      scenario: play.scenario,
      sources: simulatedSourcesOf(config),
      seconds: play.seconds,
      start: { monotonicMicros: startMicros, timeMicros: startMicros + epochMinusMonotonic },
      memory,
      ...(play.truth === undefined ? {} : { truth: play.truth }),
      reading: async (seen) => {
        const completeMicros =
          seen.modality === 'audio' || seen.modality === 'imu'
            ? seen.monotonicMicros + BLOCK_MICROS
            : seen.monotonicMicros;
        goTo(completeMicros);
        const now = Math.floor((completeMicros - startMicros) / 1e6);
        if (now !== second) {
          second = now;
          await play.atSecond?.(second, sources);
        }
        sources.get(seen.source)?.see(seen);
        await pipeline.settled();
      },
    });
    await pipeline.stop();
    if (failures.length > 0) throw failures[0];
    return startMicros;
  } finally {
    await outbox.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Sound and motion come in blocks of this length; a block is there when its last sample is. */
const BLOCK_MICROS = 50_000;

/** The sense that a simulated device is for: `simulated-camera` sees. */
export function sensorOf({ id, device }: SourceConfig): Sensor {
  const sense = device.kind.replace('simulated-', '').replace('camera', 'vision').replace('microphone', 'audio');
  const sensor = SENSORS.find((one) => one === sense);
  if (sensor === undefined) throw new Error(`expected a simulated device for ${id}, found ${device.kind}`);
  return sensor;
}

/** The sensors of a configuration of simulated devices. */
export function simulatedSourcesOf({ sources }: Config): readonly SimulatedSource[] {
  return sources.map((source) => ({ source: source.id, sensor: sensorOf(source), ...choiceOf(source) }));
}

/** Size and rate of its pictures, as the configuration says. */
function choiceOf({ device }: SourceConfig) {
  const { width, height, rateHz } = device;
  return {
    ...(typeof width === 'number' && typeof height === 'number' ? { size: { width, height } } : {}),
    ...(typeof rateHz === 'number' ? { rateHz } : {}),
  };
}

function required<Thing>(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new Error('expected a source of the configuration');
  return thing;
}
