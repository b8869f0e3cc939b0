import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readPrompt, readThreshold } from '../../../runtime/commands/labelSettings';
import { type ReadCommand, readCommand } from '../../../runtime/commands/readCommand';
import { COMMAND_LIMITS, excessOf } from '../../../runtime/commands/scanJson';

const read = (text: string): ReadCommand => readCommand(Buffer.from(text));

function codeOf(found: ReadCommand): string {
  return found.kind === 'refused' ? found.problem.code : 'taken';
}

/** The nesting of a value: what the scan counts, from the value itself. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function widestOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const members = Object.values(value);
  return Math.max(members.length, ...members.map(widestOf));
}

function longestOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(JSON.stringify(value)) - 2;
  if (typeof value !== 'object' || value === null) return 0;
  return Math.max(0, ...Object.entries(value).flatMap(([key, member]) => [longestOf(key), longestOf(member)]));
}

describe('the limits of JSON', () => {
  it('are those of the value, whatever it is and however it is written', () => {
    const limits = { bytes: 1e6, depth: 4, stringBytes: 12, items: 5 };
    const value = fc.jsonValue({ maxDepth: 6 });
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 1, '\t'), (anything, space) => {
        const bytes = Buffer.from(JSON.stringify(anything, null, space));
        const isTooMuch =
          depthOf(anything) > limits.depth ||
          widestOf(anything) > limits.items ||
          longestOf(anything) > limits.stringBytes;
        assert.equal(excessOf(bytes, limits) !== undefined, isTooMuch);
      }),
      { numRuns: 500 },
    );
  });

  it('hold for whatever bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        excessOf(bytes, COMMAND_LIMITS);
        assert.ok(['refused', 'command'].includes(readCommand(bytes).kind));
      }),
    );
  });
});

describe('a command', () => {
  it('is read with all that it may hold, and with nothing', () => {
    assert.deepEqual(read('{"s":"cmd/1","tx":"a1","by":"ui","data":{"set":"house"},"if_rev":7}'), {
      kind: 'command',
      command: { tx: 'a1', by: 'ui', data: { set: 'house' }, ifRevision: 7 },
    });
    assert.deepEqual(read('{}'), { kind: 'command', command: { tx: null, by: null, data: {} } });
  });

  it('loses what cannot be seen, and keeps all that can', () => {
    const found = read(JSON.stringify({ data: { text: ' a\u0000b\u202ec\ud800\nd  é ☂ 犬 \u200b' } }));
    assert.ok(found.kind === 'command');
    assert.deepEqual(found.command.data, { text: 'a b c d é ☂ 犬' });
  });

  for (const [what, payload, code] of [
    ['65 KiB', `{"data":{${'"a":1,'.repeat(12_000)}"b":2}}`, 'too_large'],
    ['a prompt of 1 MB', `{"data":{"prompt":"${'x'.repeat(1e6)}"}}`, 'too_large'],
    ['a string of 1 KiB and one', `{"data":{"prompt":"${'x'.repeat(1025)}"}}`, 'too_large'],
    ['a key of 1 KiB and one', `{"data":{"${'x'.repeat(1025)}":1}}`, 'too_large'],
    ['nesting of 100,000', `{"data":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, 'too_large'],
    ['nesting of 9', `{"data":{"a":${'['.repeat(7)}${']'.repeat(7)}}}`, 'too_large'],
    ['257 items', `{"data":{"a":[${'1,'.repeat(256)}1]}}`, 'too_large'],
    ['__proto__', '{"data":{"__proto__":{"admin":true}}}', 'unknown_field'],
    ['__proto__ in disguise', '{"data":{"\\u005f_proto__":{"admin":true}}}', 'unknown_field'],
    ['constructor', '{"data":{"a":[{"constructor":{"prototype":{}}}]}}', 'unknown_field'],
    ['an unknown key', '{"tx":"a","dta":{}}', 'unknown_field'],
    ['a tx that is none', '{"tx":"a b"}', 'invalid'],
    ['a negative revision', '{"if_rev":-1}', 'invalid'],
    ['another schema', '{"s":"cmd/2"}', 'invalid'],
    ['no object', '[]', 'invalid'],
    ['no JSON', '{"data":', 'invalid'],
    ['two documents', '{}{}', 'invalid'],
    ['a word', 'PRESS', 'invalid'],
  ] as const) {
    it(`is refused with ${what}`, () => {
      assert.equal(codeOf(read(payload)), code);
      assert.equal(Reflect.get({}, 'admin'), undefined);
    });
  }

  it('is refused where it is not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('{"data":{"a":"'), Buffer.from([0xff, 0xc3]), Buffer.from('"}}')]);
    assert.equal(codeOf(readCommand(bytes)), 'invalid');
    // The byte order mark is not JSON.
    assert.equal(codeOf(readCommand(Buffer.from([0xfe, 0xff, 0, 0x7b]))), 'invalid');
  });

  it('is still told by its tx where another key is wrong', () => {
    const found = read('{"tx":"abc","nonsense":1}');
    assert.deepEqual([found.kind === 'refused' && found.tx, codeOf(found)], ['abc', 'unknown_field']);
  });
});

describe('what a dashboard sets', () => {
  it('is a number from 0 to 1', () => {
    for (const [text, expected] of [
      ['0', 0],
      ['1', 1],
      ['0.75', 0.75],
      [' .5\n', 0.5],
    ] as const) {
      const found = readThreshold('dog', Buffer.from(text));
      assert.deepEqual(found.kind === 'command' && found.command.data, { label: 'dog', threshold: expected });
    }
    for (const text of ['', 'NaN', '1e-3', '-0.1', '0x1', '1.5.5', '0.5 0.6', '٠', '0'.repeat(2000), '∞', 'null']) {
      assert.equal(codeOf(readThreshold('dog', Buffer.from(text))), 'invalid', text);
    }
  });

  it('is words, of at most 255 characters', () => {
    const found = readPrompt('dog', Buffer.from(' a dog\u0007 | a  barking\tdog |'));
    assert.deepEqual(found.kind === 'command' && found.command.data, {
      label: 'dog',
      prompts: ['a dog', 'a barking dog'],
    });
    for (const bytes of [
      Buffer.from(' | '),
      Buffer.from('x'.repeat(256)),
      Buffer.alloc(1e6, 'x'),
      Buffer.from([0xff]),
    ]) {
      assert.equal(codeOf(readPrompt('dog', bytes)), 'invalid');
    }
  });
});
