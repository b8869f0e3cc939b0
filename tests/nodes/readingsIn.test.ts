import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReadingsInController } from '../../nodes/readings-in/controller';
import type { Message } from '../../nodes/shared/defineNode';
import { readingOf } from '../../nodes/shared/payloads';
import { StatusLine } from '../../nodes/shared/statusLine';
import { systemClock } from '../../runtime/clock';
import { isSensebindError } from '../../runtime/errors';
import { soundMessage } from '../support/board';

function controller(settings: { readonly source?: string } = {}): {
  readonly node: ReadingsInController;
  readonly sent: Message[];
} {
  const sent: Message[] = [];
  const node = new ReadingsInController({
    id: 'boards',
    name: 'boards',
    settings,
    credentials: {},
    userFolder: '/',
    clock: systemClock,
    status: new StatusLine(() => undefined, systemClock),
    closing: new AbortController().signal,
    send: (message) => sent.push(message as Message),
    fail: (error) => assert.fail(String(error)),
    warn: (text) => assert.fail(text),
    log: (text) => assert.fail(text),
    configuration: () => assert.fail('it needs none'),
  } as ConstructorParameters<typeof ReadingsInController>[0]);
  return { node, sent };
}

describe('readings of boards in a flow', () => {
  it('become readings of the source that the topic names', async () => {
    const { node, sent } = controller();
    await node.input({ topic: 'sensebind/v1/box/in/hall/readings', payload: soundMessage({ sequence: 0 }) });
    await node.input({ topic: 'boards/door', payload: soundMessage({ sequence: 0 }) });
    await node.input({ topic: 'boards/door', payload: soundMessage({ sequence: 1 }) });
    await node.close();
    assert.deepEqual(
      sent.map(({ topic }) => topic),
      ['hall', 'door', 'door'],
    );
    const reading = readingOf(sent[0]?.payload);
    assert.equal(reading?.modality, 'audio');
    assert.equal(reading?.source, 'hall');
  });

  it('are passed over when the broker kept them, and refused when they are none', async () => {
    const { node, sent } = controller({ source: 'hall' });
    const kept = { topic: 'x', payload: soundMessage(), retain: true };
    await node.input(kept);
    assert.deepEqual(sent, []);
    const isRefused = (code: 'MESSAGE_INVALID' | 'INPUT_UNSUPPORTED') => (error: unknown) =>
      isSensebindError(error, code);
    await assert.rejects(node.input({ payload: Buffer.from('hello') }), isRefused('MESSAGE_INVALID'));
    await assert.rejects(node.input({ payload: 'text' }), isRefused('INPUT_UNSUPPORTED'));
    await node.close();
    const nameless = controller();
    await assert.rejects(
      nameless.node.input({ topic: 'Not A Name', payload: soundMessage() }),
      isRefused('INPUT_UNSUPPORTED'),
    );
    await nameless.node.close();
  });
});
