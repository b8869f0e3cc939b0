import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import Type from '#typebox';
import { type Migration, readSettings } from '../../../nodes/shared/settings';
import { SensebindError } from '../../../runtime/errors';

const schema = Type.Object({
  source: Type.Optional(Type.String({ pattern: '^[a-z]+$', title: 'a name of letters' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  share: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  isOn: Type.Optional(Type.Boolean()),
  rows: Type.Optional(Type.Array(Type.Object({ label: Type.String(), above: Type.Optional(Type.Number()) }))),
});

const format = { type: 'sensebind-test', schema, migrations: [] };

describe('settings of a node as it was deployed', () => {
  it('leave out empty fields, those of tables too, and whatever belongs to Node-RED', () => {
    const definition = {
      ...{ id: '1', type: 'sensebind-test', z: 'tab', x: 1, y: 2, wires: [[]], version: 1, name: 'mine' },
      source: '',
      limit: undefined,
      rows: [
        { label: 'glass', above: '' },
        { label: 'dog', above: 0.5 },
      ],
    };
    assert.deepEqual(readSettings(definition, format), { rows: [{ label: 'glass' }, { label: 'dog', above: 0.5 }] });
  });

  it('take numbers and switches as text, as environment variables give them', () => {
    const definition = { limit: '7', share: '0.25', isOn: 'true', rows: [{ label: 'glass', above: '0.5' }] };
    assert.deepEqual(readSettings(definition, format), {
      limit: 7,
      share: 0.25,
      isOn: true,
      rows: [{ label: 'glass', above: 0.5 }],
    });
    assert.deepEqual(readSettings({ isOn: 'false' }, format), { isOn: false });
  });

  it('take every number as the text of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 1, noNaN: true }), (limit, share) => {
        const text = { limit: String(limit), share: String(share) };
        assert.deepEqual(readSettings(text, format), { limit, share: Number(text.share) });
      }),
    );
  });

  it('tell all problems at once, each with its field', () => {
    const definition = { source: 'Mic 0', limit: 'many', share: 7, rows: [{ above: 'x' }] };
    assert.throws(
      () => readSettings(definition, format),
      (error: unknown) => {
        assert.ok(error instanceof SensebindError);
        assert.equal(error.code, 'CONFIG_INVALID');
        for (const field of ['source', 'limit', 'share', 'rows.0.label', 'rows.0.above']) {
          assert.match(error.message, new RegExp(`(^|; )${field}: expected`));
        }
        assert.match(error.message, /a name of letters.*"Mic 0"/);
        assert.match(error.cure ?? '', /sensebind-test/);
        return true;
      },
    );
  });

  it('leave what they read as it is', () => {
    const definition = Object.freeze({ limit: '7', rows: Object.freeze([Object.freeze({ label: 'dog', above: '' })]) });
    readSettings(definition, format);
    assert.deepEqual(definition, { limit: '7', rows: [{ label: 'dog', above: '' }] });
  });
});

describe('settings of older versions', () => {
  /** Version 1 had `mic`, version 2 renamed it to `name`, version 3 to `source`, and doubles the limit. */
  const migrations: readonly Migration[] = [
    { to: 2, up: ({ mic, ...rest }) => ({ ...rest, name: mic }) },
    { to: 3, up: ({ name, limit, ...rest }) => ({ ...rest, source: name, limit: 2 * Number(limit) }) },
  ];
  const versioned = { ...format, migrations };

  it('come through every version between, in their order', () => {
    assert.deepEqual(readSettings({ version: 1, mic: 'door', limit: 5 }, versioned), { source: 'door', limit: 10 });
    // Before versions were kept, there was only the first.
    assert.deepEqual(readSettings({ mic: 'door', limit: 5 }, versioned), { source: 'door', limit: 10 });
    assert.deepEqual(readSettings({ version: '2', name: 'door', limit: 5 }, versioned), { source: 'door', limit: 10 });
  });

  it('are left alone where they are new enough', () => {
    assert.deepEqual(readSettings({ version: 3, source: 'door', limit: 5 }, versioned), { source: 'door', limit: 5 });
    assert.deepEqual(readSettings({ version: 9, source: 'door', limit: 5 }, versioned), { source: 'door', limit: 5 });
  });
});
