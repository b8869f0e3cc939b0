import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { seededScenario } from '../../devices/simulated/sharedWorld';
import type { SimilarityPayload } from '../../nodes/arithmetic/controller';
import type { EventPayload } from '../../nodes/shared/payloads';
import { type Mosquitto, startMosquitto, withoutMosquitto } from '../support/mosquitto';
import { type Flow, NODE_RED_VERSIONS, type RunningNodeRed, startNodeRed } from '../support/nodeRed';
import { repositoryRoot } from '../support/paths';
import { Subscriber } from '../support/subscriber';
import { temporaryFolder } from '../support/temporaryFolder';

/** A node of a flow, as the editor exports it. */
interface ExampleNode {
  readonly id: string;
  readonly type: string;
  readonly [property: string]: unknown;
}

const FOLDER = path.join(repositoryRoot, 'examples');

const examples = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({
    name: path.basename(file, '.json'),
    nodes: JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as readonly ExampleNode[],
  }));

/** What comes to the broker, by the beginning of its topic. */
const PUBLISHED: Readonly<Record<string, readonly string[]>> = {
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
const SENT: Readonly<Record<string, { readonly by: string; readonly fits: (payload: unknown) => boolean }>> = {
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
const HAPPENS: Readonly<Record<number, readonly string[]>> = {
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
function firstOf(seed: number, id: string) {
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

function seedOf({ seed, device }: ExampleNode): number | undefined {
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

function tabsOf(nodes: readonly ExampleNode[]): readonly ExampleNode[] {
  return nodes.filter(({ type }) => type === 'tab');
}

describe('examples', () => {
  for (const { name, nodes } of examples) {
    it(`${name} is one tab that explains itself, and needs nothing that is not in it`, () => {
      const [tab, ...others] = tabsOf(nodes);
      assert.ok(tab !== undefined && others.length === 0);
      const comments = nodes.filter(({ type }) => type === 'comment');
      const explanation = comments.map(({ name: title, info }) => `${title} ${info}`).join(' ');
      assert.match(explanation, /Real hardware|real devices|a microphone, a camera/);
      const ids = new Set(nodes.map(({ id }) => id));
      for (const { id, z, x, y, version, type, wires = [], bundle, broker } of nodes) {
        assert.ok(z === undefined || z === tab.id, `${id}: the tab`);
        if (type.startsWith('sensebind-')) assert.equal(version, 1, `${id}: the version`);
        for (const used of [bundle, broker]) {
          const isNode = typeof used === 'string' && used !== '' && type !== 'mqtt-broker';
          if (isNode) assert.ok(ids.has(used), `${id} uses ${used}`);
        }
        if (x !== undefined) assert.deepEqual([Number(x) % 20, Number(y) % 20], [0, 0], `${id}: the grid`);
        for (const to of (wires as readonly (readonly string[])[]).flat()) {
          const target = nodes.find((node) => node.id === to);
          assert.ok(Number(target?.['x']) > Number(x), `${id} → ${to}: from left to right`);
        }
      }
    });
  }

  it('can be imported into one Node-RED together, and each proves something', () => {
    const ids = examples.flatMap(({ nodes }) => nodes.map(({ id }) => id));
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(
      examples.map(({ name }) => name).toSorted(),
      [...Object.keys(PUBLISHED), ...Object.keys(SENT)].toSorted(),
    );
  });

  it('show worlds in which it really happens within a minute', () => {
    const seeds = examples.flatMap(({ nodes }) => nodes.flatMap((node) => seedOf(node) ?? []));
    assert.deepEqual(
      [...new Set(seeds)].toSorted((left, right) => left - right),
      Object.keys(HAPPENS).map(Number),
    );
    for (const seed of seeds) for (const event of HAPPENS[seed] ?? []) firstOf(seed, event);
  });

  describe('deployed', { skip: withoutMosquitto }, () => {
    for (const version of NODE_RED_VERSIONS) {
      describe(`in ${version}`, () => {
        let nodeRed: RunningNodeRed;

        before(async () => {
          nodeRed = await startNodeRed(version);
        });

        after(() => nodeRed.stop());

        // All at once: what happens in their worlds takes its time in any case.
        it('find what happens, and publish what validates, without an error', async (context) => {
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
        });
      });
    }
  });
});
