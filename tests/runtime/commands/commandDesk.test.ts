import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import Type from '#typebox';
import { CommandDesk, type CommandReport } from '../../../runtime/commands/commandDesk';
import type { JobMessage, ResponseMessage } from '../../../runtime/commands/commandMessages';
import { type AnyVerb, defineVerb, done } from '../../../runtime/commands/verb';
import { SensebindError } from '../../../runtime/errors';
import type { Message } from '../../../runtime/mqtt/message';
import { validators } from '../../../runtime/mqtt/messages';
import { topicsOf } from '../../../runtime/mqtt/topics';
import { ManualClock } from '../../support/manualClock';

const ROOT = 'sensebind/v1/box';
const Anything = Type.Object({ name: Type.Optional(Type.String()) }, { additionalProperties: false });

/** A desk whose verb `work/slow` ends when the test says so, and all that it says. */
function desk() {
  const clock = new ManualClock();
  const said: { readonly topic: string; readonly message: Message }[] = [];
  const reports: CommandReport[] = [];
  const running: { readonly name: string | undefined; end(error?: Error): void }[] = [];
  let progress = (_done: number, _total: number): void => undefined;
  const slow: AnyVerb = defineVerb<{ readonly name?: string }>({
    schema: Anything,
    lane: 'work',
    run: (request) =>
      new Promise((resolve, reject) => {
        progress = request.progress;
        const end = (error?: Error): void => (error ? reject(error) : resolve(done({ was: request.data.name ?? '' })));
        running.push({ name: request.data.name, end });
      }),
  });
  const say = (topic: string, message: Message): void => void said.push({ topic, message });
  const subject = new CommandDesk({
    link: { answer: say, publish: say },
    topics: topicsOf({ base: 'sensebind', node: 'box' }).commands,
    verbs: { 'work/slow': slow, look: defineVerb({ schema: Anything, lane: null, run: async () => done() }) },
    responsePrefixes: [],
    clock,
    onReport: (report) => void reports.push(report),
  });
  let clients = 0;
  return {
    clock,
    reports,
    running,
    subject,
    progress: (count: number, total: number) => progress(count, total),
    /** Each from a client of its own, so that their rate is no matter. */
    ask: (
      verb: string,
      body: object,
      properties: { readonly expirySeconds?: number; readonly responseTopic?: string } = {},
    ) =>
      subject.take({
        topic: `${ROOT}/cmd/${verb}`,
        payload: Buffer.from(JSON.stringify(body)),
        retained: false,
        waited: false,
        responseTopic: `${ROOT}/rsp/${clients++}`,
        ...properties,
      }),
    answers: (): ResponseMessage[] => said.filter(({ topic }) => topic.includes('/rsp/')).map(parsed),
    jobs: (): JobMessage[] =>
      said.filter(({ topic }) => topic.includes('/job/')).map(({ message }) => JSON.parse(String(message.payload))),
    expirySeconds: () => said.map(({ message }) => message.properties.expirySeconds),
  };
}

function parsed({ message }: { readonly message: Message }): ResponseMessage {
  const value: unknown = JSON.parse(String(message.payload));
  assert.deepEqual(validators['rsp/1'].Errors(value), []);
  return value as ResponseMessage;
}

describe('the desk of commands', () => {
  it('answers at once what is done within two seconds, and accepts the rest as a job that tells how far it is', async () => {
    const { ask, answers, jobs, clock, running, progress, expirySeconds } = desk();
    ask('work/slow', { tx: 'fast', data: { name: 'a' } });
    await clock.advance(1999);
    progress(1, 2);
    running[0]?.end();
    await clock.advance(0);
    assert.deepEqual(answers(), [{ s: 'rsp/1', verb: 'work/slow', tx: 'fast', status: 'ok', data: { was: 'a' } }]);
    assert.deepEqual(jobs(), []);
    ask('work/slow', { tx: 'slow', data: { name: 'b' } });
    await clock.advance(2000);
    const accepted = answers()[1];
    const job = accepted?.data?.['job'];
    assert.deepEqual([accepted?.status, typeof job], ['accepted', 'string']);
    progress(1, 9);
    progress(2, 9);
    await clock.advance(1000);
    progress(3, 9);
    running[1]?.end();
    await clock.advance(0);
    assert.deepEqual(
      jobs().map(({ id, state, done: steps, total, data }) => [id === job, state, steps, total, data]),
      [
        [true, 'running', undefined, undefined, undefined],
        [true, 'running', 1, 9, undefined],
        [true, 'running', 3, 9, undefined],
        [true, 'done', undefined, undefined, { was: 'b' }],
      ],
    );
    for (const message of jobs()) assert.deepEqual(validators['job/1'].Errors(message), []);
    assert.ok(expirySeconds().every((seconds) => seconds === 30));
  });

  it('tells why a command failed, by the code of its error', async () => {
    const { ask, answers, jobs, clock, running, reports } = desk();
    ask('work/slow', { tx: '1' });
    await clock.advance(0);
    running[0]?.end(new SensebindError('WORD_UNKNOWN', 'expected words, found "zzz"', 'use "buzz"'));
    ask('work/slow', { tx: '2' });
    await clock.advance(2500);
    running[1]?.end(new Error('a mistake'));
    await clock.advance(0);
    assert.deepEqual([answers()[0]?.error?.code, answers()[0]?.error?.cure], ['word_unknown', 'use "buzz"']);
    assert.deepEqual([jobs().at(-1)?.state, jobs().at(-1)?.error?.code], ['failed', 'failed']);
    assert.deepEqual(
      reports.map(({ problem }) => problem?.code),
      ['word_unknown', 'failed'],
    );
  });

  it('does one at a time in their order, lets others look meanwhile, and takes no more than can wait', async () => {
    const { ask, answers, clock, running } = desk();
    for (let at = 0; at < 70; at++) {
      ask('work/slow', { tx: `t${at}`, data: { name: String(at) } });
      await clock.advance(20);
    }
    assert.equal(running.length, 1);
    const refused = answers().filter(({ status }) => status === 'error');
    assert.deepEqual([refused.length, refused[0]?.error?.code, refused[0]?.tx], [6, 'busy', 't64']);
    running[0]?.end();
    await clock.advance(0);
    ask('look', { tx: 'look' });
    await clock.advance(0);
    assert.equal(answers().at(-1)?.tx, 'look');
    running[1]?.end();
    await clock.advance(0);
    assert.deepEqual(
      running.map(({ name }) => name),
      ['0', '1', '2'],
    );
  });

  it('does not begin what waited longer than it may', async () => {
    const { ask, answers, clock, running } = desk();
    ask('work/slow', { tx: 'first' });
    ask('work/slow', { tx: 'short' }, { expirySeconds: 5 });
    ask('work/slow', { tx: 'long' }, { expirySeconds: 3600 });
    await clock.advance(29_000);
    running[0]?.end();
    await clock.advance(0);
    assert.deepEqual([answers().at(-1)?.tx, answers().at(-1)?.error?.code], ['short', 'expired']);
    await clock.advance(0);
    assert.equal(running.length, 2);
  });

  it('answers twice who asks twice while it is at work, and does it once', async () => {
    const { ask, answers, clock, running } = desk();
    const me = { responseTopic: `${ROOT}/rsp/me` };
    ask('work/slow', { tx: 'x' }, me);
    ask('work/slow', { tx: 'x' }, me);
    await clock.advance(0);
    running[0]?.end();
    await clock.advance(0);
    ask('work/slow', { tx: 'x' }, me);
    await clock.advance(0);
    assert.equal(running.length, 1);
    assert.equal(answers().length, 3);
    assert.equal(new Set(answers().map((answer) => JSON.stringify(answer))).size, 1);
    // Much later it is another command.
    await clock.advance(601_000);
    ask('work/slow', { tx: 'x' }, me);
    await clock.advance(0);
    assert.equal(running.length, 2);
  });

  it('takes ten a second of a client, and tells it once a second that it sends more', async () => {
    const { subject, ask, answers, clock } = desk();
    const me = { responseTopic: `${ROOT}/rsp/me` };
    const burst = async (): Promise<Record<string, number>> => {
      const before = answers().length;
      for (let at = 0; at < 100; at++) ask('look', {}, me);
      await clock.advance(0);
      const counts: Record<string, number> = {};
      for (const { error } of answers().slice(before))
        counts[error?.code ?? 'ok'] = (counts[error?.code ?? 'ok'] ?? 0) + 1;
      return counts;
    };
    assert.deepEqual(await burst(), { ok: 20, rate_limited: 1 });
    await clock.advance(1000);
    assert.deepEqual(await burst(), { ok: 10, rate_limited: 1 });
    assert.equal(subject.counters()['rate_limited'], 170);
  });

  it('takes fifty a second in all, however many clients there seem to be', async () => {
    const { ask, answers, clock, subject } = desk();
    for (let at = 0; at < 2000; at++) ask('look', {});
    await clock.advance(0);
    // Of those that are taken, no more are under way than may wait.
    const counted = (code: string | undefined): number => answers().filter(({ error }) => error?.code === code).length;
    assert.deepEqual([counted(undefined), counted('busy'), counted('rate_limited')], [64, 36, 1]);
    assert.equal(subject.counters()['rate_limited'], 1900);
  });

  it('does not wait for ever when it closes', async () => {
    const { subject, ask, clock } = desk();
    ask('work/slow', { tx: 'endless' });
    await clock.advance(0);
    const closed = subject.close();
    await clock.advance(5000);
    await closed;
  });

  it('ends what is under way before it closes, and refuses what comes then', async () => {
    const { subject, ask, answers, clock, running } = desk();
    ask('work/slow', { tx: 'last' });
    await clock.advance(0);
    const closed = subject.close();
    ask('work/slow', { tx: 'late' });
    running[0]?.end();
    await closed;
    assert.deepEqual(
      answers().map(({ tx, status, error }) => [tx, status, error?.code]),
      [
        ['late', 'error', 'stopping'],
        ['last', 'ok', undefined],
      ],
    );
  });
});
