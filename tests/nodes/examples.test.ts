import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { examplesIn, firstOf, HAPPENS, PUBLISHED, SENT, seedOf, tabsOf } from '../support/exampleFlows';
import { repositoryRoot } from '../support/paths';

// That they do what they say is shown with the packed palette: packed.test.ts.
const examples = examplesIn(path.join(repositoryRoot, 'examples'));

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
});
