import { readPrompt, readThreshold } from '../../runtime/commands/labelSettings';
import { type ReadCommand, readCommand } from '../../runtime/commands/readCommand';
import { validators } from '../../runtime/mqtt/messages';
import type { FuzzTarget } from './target';

const SEEDS: readonly object[] = [
  { tx: 'abc', by: 'ui', data: { set: 'house', labels: ['dog', 'cat'] }, if_rev: 7 },
  {
    s: 'cmd/1',
    tx: '01J00000000000000000000000',
    data: {
      set: 'house',
      labels: [{ id: 'dog', prompts: ['a dog', 'a barking dog'], negatives: [], threshold: 0.5, on_ms: 500 }],
      background: ['silence', 'rue de l’été ☂'],
    },
  },
  { data: { a: [[[[[1, 2, 3]]]]], b: { c: { d: null } } } },
  { tx: '\u0007', data: { text: 'line\nbreak \\" \\u202e' } },
];

/** `cmd/1` and what dashboards set, as it comes from a broker, where anybody may have published it. */
export const target: FuzzTarget = {
  name: 'command',
  run(bytes) {
    for (const read of [readCommand, (payload: Uint8Array) => readThreshold('dog', payload), promptOf]) {
      check(read(bytes));
    }
  },
  seeds: () => [
    ...SEEDS.map((seed) => Buffer.from(JSON.stringify(seed))),
    Buffer.from('0.75'),
    Buffer.from('a dog | a cat'),
  ],
};

function promptOf(payload: Uint8Array): ReadCommand {
  return readPrompt('dog', payload);
}

/** What is read fits what the contract says, and what is refused can be answered. */
function check(found: ReadCommand): void {
  if (found.kind === 'refused') {
    const { tx, problem } = found;
    const answer = { s: 'rsp/1', verb: 'labels/get', tx, status: 'error', error: problem };
    const [wrong] = validators['rsp/1'].Errors(answer);
    if (wrong !== undefined) throw new Error(`an answer that is none: ${wrong.message}`);
    return;
  }
  const { tx, by, data } = found.command;
  const [wrong] = validators['cmd/1'].Errors({ ...(tx === null ? {} : { tx }), ...(by === null ? {} : { by }), data });
  if (wrong !== undefined) throw new Error(`a command that is none: ${wrong.message}`);
  if (/[\p{Cc}\p{Cs}]/u.test(Object.values(data).join(''))) throw new Error('what is not seen is still there');
}
