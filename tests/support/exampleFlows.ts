import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { seededScenario } from '../../devices/simulated/sharedWorld';
import type { SimilarityPayload } from '../../nodes/arithmetic/controller';
import type { EventPayload } from '../../nodes/shared/payloads';
import { type Mosquitto, startMosquitto } from './mosquitto';
import type { Flow, RunningNodeRed } from './nodeRed';
import { Subscriber } from './subscriber';
import { temporaryFolder } from './temporaryFolder';

/** A node of a flow, as the editor exports it. */
export interface ExampleNode {
  readonly id: string;
  readonly type: string;
  readonly [property: string]: unknown;
}

export interface Example {
  readonly name: string;
  readonly nodes: readonly ExampleNode[];
}

/** The flows of a folder. */
export function examplesIn(folder: string): readonly Example[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.map((file) => ({
    name: path.basename(file, '.json'),
    nodes: JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as readonly ExampleNode[],
  }));
}

/** What comes to the broker, by the beginning of its topic. */
export const PUBLISHED: Readonly<Record<string, readonly string[]>> = {
  'first-minute': ['sensebind/v1/demo/event/'],
  'glass-break': ['sensebind/v1/examples/event/glass_breaking'],
  'fall-detection': ['sensebind/v1/examples/event/person_fallen'],
  'overheating-cabinet': ['sensebind/v1/examples/event/overheating_cabinet'],
  robot: ['sensebind/v1/examples/event/collision', 'sensebind/v1/examples/event/wheel_slip'],
  'bearing-sound': ['sensebind/v1/examples/event/bearing_fault', 'sensebind/v1/examples/src/motor-mic/scores'],
  'small-boards': ['sensebind/v1/box/event/dog_barking', 'sensebind/v1/box/event/bearing_fault'],
  'home-assistant': ['sensebind/v1/home/event/', 'homeassistant/device/sensebind_home/config'],
};

/** What is sent by the last node of those that publish nothing. */
export const SENT: Readonly<Record<string, { readonly by: string; readonly fits: (payload: unknown) => boolean }>> = {
  'sound-and-picture': { by: 'sp-compare', fits: (payload) => isLikeBoth(payload as SimilarityPayload) },
  'record-and-replay': { by: 'rr-sense', fits: (payload) => (payload as EventPayload).title === 'dog barking' },
};

/** Of a picture of fire and the sound of a dog. */
function isLikeBoth({ cosines }: SimilarityPayload): boolean {
  const by = Object.fromEntries(cosines.map(({ name, cosine }) => [name, cosine]));
  const others = Math.max(by['a person walking']!, by['breaking glass']!);
  return by['a fire burning']! > others && by['a barking dog']! > others;
}

/** What happens within a minute in the worlds of the examples, by their seeds. */
export const HAPPENS: Readonly<Record<number, readonly string[]>> = {
  56: ['wheel_slip', 'person_fallen', 'conveyor_running'],
  193: ['dog_barking'],
  1596: ['dog_barking'],
  1807: ['bearing_fault'],
  6728: ['fire'],
  10423: ['person_fallen'],
  13736: ['dog_barking'],
  17053: ['electrical_arc'],
  28393: ['collision', 'wheel_slip'],
  30820: ['bearing_fault', 'conveyor_running'],
  35428: ['dog_barking', 'person_walking', 'glass_break'],
  36127: ['glass_break'],
};

/** When it happens first in the world of a seed. */
export function firstOf(seed: number, id: string) {
  const found = seededScenario(seed)
    .timeline.between(0, 45)
    .find(({ event }) => event.id === id);
  assert.ok(found !== undefined, `${id} in the world of seed ${seed}`);
  return found;
}

/** The same world, in which the same happens again and again: a busy machine sees it later than a quiet one. */
async function endless(seed: number, folder: string): Promise<string> {
  const { room, mounting } = seededScenario(seed);
  const kinds = HAPPENS[seed] ?? [];
  const events = Array.from({ length: 60 }, (_, index) => {
    const { event, strength, place } = firstOf(seed, kinds[index % kinds.length]!);
    return { at: 3 + 12 * index, event: event.id, for: 10, strength, ...place };
  });
  const file = path.join(folder, `${seed}.yaml`);
  await writeFile(file, JSON.stringify({ version: 1, seed, room: room.id, mounting, length: 900, events }));
  return file;
}

export function seedOf({ seed, device }: ExampleNode): number | undefined {
  const chosen = seed ?? (device as { readonly seed?: unknown } | undefined)?.seed;
  return chosen === undefined ? undefined : Number(chosen);
}

/** A source that shows a script in place of a seed. */
function scripted(node: ExampleNode, script: string): ExampleNode {
  const { seed: _, ...device } = (node['device'] ?? {}) as Readonly<Record<string, unknown>>;
  return node.type === 'sensebind-world'
    ? { ...node, seed: '', scenario: script }
    : { ...node, device: { ...device, script } };
}

/** The flow, for the broker of a test, and beside it nodes that hear of every error and every status. */
function watched(
  nodes: readonly ExampleNode[],
  { url, port, scripts }: Pick<Mosquitto, 'url' | 'port'> & { readonly scripts: ReadonlyMap<number, string> },
): Flow {
  const here = nodes.map((node) => {
    const script = scripts.get(seedOf(node) ?? Number.NaN);
    if (script !== undefined) return scripted(node, script);
    if (node.type === 'mqtt-broker') return { ...node, broker: '127.0.0.1', port: String(port) };
    return node.type === 'sensebind-broker' ? { ...node, url } : node;
  });
  const watchers = tabsOf(nodes).flatMap(({ id: z }) => [
    { id: `${z}-catch`, type: 'catch', z, x: 100, y: 800, scope: null, wires: [[`${z}-sink`]] },
    { id: `${z}-status`, type: 'status', z, x: 100, y: 900, scope: null, wires: [[`${z}-sink`]] },
    { id: `${z}-sink`, type: 'debug', z, x: 900, y: 900, active: false, wires: [] },
  ]);
  return [...here, ...watchers];
}

export function tabsOf(nodes: readonly ExampleNode[]): readonly ExampleNode[] {
  return nodes.filter(({ type }) => type === 'tab');
}

/**
 * Deploys examples together and waits until each has published, or sent, what it is there to show, without an error and
 * with messages that validate. All at once: what happens in their worlds takes its time in any case.
 */
export async function proveExamples(
  examples: readonly Example[],
  { nodeRed, context }: { readonly nodeRed: RunningNodeRed; readonly context: TestContext },
): Promise<void> {
  const mosquitto = await startMosquitto();
  context.after(() => mosquitto.stop());
  const subscriber = await Subscriber.start(context, mosquitto.url, ['sensebind/#', 'homeassistant/#']);
  const folder = await temporaryFolder(context);
  const seeds = Object.keys(HAPPENS).map(Number);
  const scripts = new Map<number, string>();
  for (const seed of seeds) scripts.set(seed, await endless(seed, folder));
  const flow = watched(
    examples.flatMap(({ nodes }) => nodes),
    { ...mosquitto, scripts },
  );
  await nodeRed.deploy(flow);
  await Promise.all([
    ...Object.values(PUBLISHED)
      .flat()
      .map((beginning) => subscriber.until(({ topic }) => topic.startsWith(beginning))),
    ...Object.values(SENT).map(({ by, fits }) => nodeRed.sent(by, ({ payload }) => fits(payload))),
  ]);
  for (const { id } of flow.filter(({ type }) => type === 'tab')) {
    const errors = nodeRed.sentBy(`${id}-catch`).map(({ message }) => message['error']);
    assert.deepEqual(errors, []);
    const states = nodeRed.sentBy(`${id}-status`).map(({ message }) => message['status']);
    assert.ok(states.length > 0, `${id} has a status`);
    assert.deepEqual(
      states.filter((state) => (state as { fill?: string }).fill === 'red'),
      [],
    );
  }
  assert.doesNotMatch(nodeRed.output, /\[error\]/);
  // What is on its way is published, and held against the schemas, before the broker ends.
  await nodeRed.deploy([]);
}
