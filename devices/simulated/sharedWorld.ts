import { readFile } from 'node:fs/promises';
import type { Clock, Micros, Millis } from '../../runtime/clock';
import { unreadable } from '../audio/readWav';
import { Random, seedOf } from './random';
import { rooms } from './rooms';
import { parseScenario, type Scenario } from './scenario';
import { SeededTimeline } from './timeline';
import type { TruthSink } from './truth';
import { World } from './world';

/** What a simulated device shows: a script, or an endless world from a seed. */
export type WorldChoice =
  | { readonly kind: 'script'; readonly file: string }
  | { readonly kind: 'seed'; readonly seed: number };

/** A world that runs, and when its second 0 was. */
export interface RunningWorld {
  readonly world: World;
  readonly startMonotonicMicros: Micros;
  readonly startEpochMicros: Micros;
}

interface Shared {
  readonly running: Promise<RunningWorld>;
  users: number;
}

/**
 * The worlds that run on a clock. Devices that show the same script or seed share one, so that they are in step whenever
 * each of them was opened or restarted.
 */
const worlds = new WeakMap<Clock, Map<string, Shared>>();
const listeners = new WeakMap<Clock, Set<Listener>>();

interface Listener {
  readonly sink: TruthSink;
  /** The world that it hears of; all worlds where it is left out. */
  readonly of: string | undefined;
}

/** How often truth is told. */
const TRUTH_PERIOD = 50 as Millis;

/**
 * Joins a world that runs, or starts it. The last one to call `leave` ends it.
 *
 * @throws {SensebindError} `FILE_UNREADABLE`, `CONFIG_INVALID` of a script.
 */
export async function joinWorld(choice: WorldChoice, clock: Clock): Promise<RunningWorld & { leave(): void }> {
  const ofClock = worlds.get(clock) ?? new Map<string, Shared>();
  worlds.set(clock, ofClock);
  const key = keyOf(choice);
  const shared = ofClock.get(key) ?? begin(choice, clock);
  ofClock.set(key, shared);
  shared.users++;
  const leave = (): void => {
    shared.users--;
    if (shared.users === 0 && ofClock.get(key) === shared) ofClock.delete(key);
  };
  try {
    const running = await shared.running;
    return { ...running, leave };
  } catch (error) {
    leave();
    throw error;
  }
}

/**
 * Hears what really happens in the worlds that run on a clock, from now on. For judges of the pipeline, never for a part
 * of it.
 *
 * @param only - The one world that is of interest.
 * @returns Ends it.
 */
export function listenForTruth(clock: Clock, sink: TruthSink, only?: WorldChoice): () => void {
  const ofClock = listeners.get(clock) ?? new Set<Listener>();
  listeners.set(clock, ofClock);
  const listener = { sink, of: only === undefined ? undefined : keyOf(only) };
  ofClock.add(listener);
  return () => void ofClock.delete(listener);
}

function keyOf(choice: WorldChoice): string {
  return JSON.stringify(choice);
}

function begin(choice: WorldChoice, clock: Clock): Shared {
  const running = start(choice, clock);
  const shared: Shared = { running, users: 0 };
  running.then(
    (world) => tellTruth(world, { of: keyOf(choice), clock, isOver: () => shared.users === 0 }),
    // Whoever joins is told why it failed.
    () => undefined,
  );
  return shared;
}

async function start(choice: WorldChoice, clock: Clock): Promise<RunningWorld> {
  const world = new World(choice.kind === 'seed' ? seededScenario(choice.seed) : await readScenario(choice.file));
  return { world, startMonotonicMicros: clock.monotonicMicros(), startEpochMicros: clock.epochMicros() };
}

/** An endless scenario. */
export function seededScenario(seed: number): Scenario {
  const random = new Random(seedOf(seed, 'scenario'));
  const mounting = random.chance(0.5) ? 'robot' : 'building';
  const timeline = new SeededTimeline(seed, { robot: mounting === 'robot' });
  return { seed, room: random.pick(rooms), mounting, timeline };
}

/** @throws {SensebindError} `FILE_UNREADABLE`, `CONFIG_INVALID`. */
export async function readScenario(file: string): Promise<Scenario> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unreadable(file, error);
  });
  return parseScenario(text, file);
}

function tellTruth(
  { world, startMonotonicMicros }: RunningWorld,
  { of, clock, isOver }: { readonly of: string; readonly clock: Clock; readonly isOver: () => boolean },
): void {
  let toldSeconds = 0;
  const tell = (): void => {
    if (isOver()) return;
    const seconds = (clock.monotonicMicros() - startMonotonicMicros) / 1e6;
    for (const change of world.changesBetween(toldSeconds, seconds)) {
      const monotonicMicros = startMonotonicMicros + Math.round(change.atSeconds * 1e6);
      for (const listener of listeners.get(clock) ?? []) {
        if (listener.of === undefined || listener.of === of) listener.sink({ ...change, monotonicMicros });
      }
    }
    toldSeconds = seconds;
    clock.setTimer(TRUTH_PERIOD, tell, { background: true });
  };
  tell();
}
