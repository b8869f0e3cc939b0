import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SPOOL_PRIORITIES, type Spool, type Spooled, type SpoolPriority } from '../../../../runtime/mqtt/spool/spool';
import { append, openSpool } from '../../../support/spoolFolder';

/** What the spool should know: a list of messages a priority, no files. */
interface Expected {
  readonly text: string;
  isFlushed: boolean;
  isSettled: boolean;
  /** The disk knows that it is settled. */
  isSettledForGood: boolean;
  /** A crash came before it, or its settling, was on the disk: it may come, or not. */
  mayBeGone: boolean;
}

type Step =
  | { readonly kind: 'append'; readonly priority: SpoolPriority; readonly length: number }
  | { readonly kind: 'flush' }
  | { readonly kind: 'read'; readonly priority: SpoolPriority }
  | { readonly kind: 'settle'; readonly pick: number }
  | { readonly kind: 'restart' }
  | { readonly kind: 'crash' };

const priority = fc.constantFrom(...SPOOL_PRIORITIES);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('append' as const), priority, length: fc.nat(200) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'flush' } as const) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read' as const), priority }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('settle' as const), pick: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash' } as const) },
);

/** Small files, so that there are many. */
const SEGMENT_BYTES = 700;

const ascending = (a: number, b: number): number => a - b;

class Twin {
  readonly #root: string;
  readonly #messages = new Map<SpoolPriority, Expected[]>(SPOOL_PRIORITIES.map((name) => [name, []]));
  #inHand: Spooled[] = [];
  #folder: string;
  #spool!: Spool;
  #count = 0;
  #folders = 0;

  constructor(root: string) {
    this.#root = root;
    this.#folder = path.join(root, '0');
  }

  async open(): Promise<void> {
    this.#spool = (await openSpool(this.#folder, { segmentBytes: SEGMENT_BYTES })).spool;
    this.#inHand = [];
  }

  async apply(action: Step): Promise<void> {
    switch (action.kind) {
      case 'append': {
        const text = `${this.#count++} ${'x'.repeat(action.length)}`;
        append(this.#spool, text, action.priority);
        this.#of(action.priority).push({
          text,
          isFlushed: false,
          isSettled: false,
          isSettledForGood: false,
          mayBeGone: false,
        });
        return;
      }
      case 'flush':
        await this.#flush();
        return;
      case 'read':
        this.#inHand.push(...(await this.#spool.read(action.priority, this.#spool.next(action.priority))));
        return;
      case 'settle':
        this.#settle(action.pick);
        return;
      case 'restart':
        await this.#flush();
        await this.#spool.close();
        await this.open();
        return;
      case 'crash':
        await this.#crash();
    }
  }

  /** Everything that is left comes, in order, once. */
  async verify(): Promise<void> {
    for (const name of SPOOL_PRIORITIES) {
      const expected = this.#of(name);
      const found = this.#inHand.filter((spooled) => spooled.priority === name);
      for (;;) {
        const batch = await this.#spool.read(name, this.#spool.next(name));
        if (batch.length === 0) break;
        found.push(...batch);
      }
      const positions = found.map(({ record }) => expected.findIndex(({ text }) => text === record.body.toString()));
      assert.deepEqual(positions, [...new Set(positions)].sort(ascending), 'each once, in order');
      assert.ok(!positions.includes(-1), 'nothing that was never appended');
      for (const [index, message] of expected.entries()) {
        if (!message.mayBeGone) assert.equal(positions.includes(index), !message.isSettled, message.text);
      }
    }
  }

  async close(): Promise<void> {
    await this.#spool.close();
  }

  async #flush(): Promise<void> {
    await this.#spool.flush();
    this.#all((message) => {
      message.isFlushed = true;
      message.isSettledForGood = message.isSettled;
    });
  }

  #settle(pick: number): void {
    if (this.#inHand.length === 0) return;
    const [spooled] = this.#inHand.splice(pick % this.#inHand.length, 1);
    if (!spooled) return;
    this.#spool.settle(spooled);
    const message = this.#of(spooled.priority).find(({ text }) => text === spooled.record.body.toString());
    if (message) message.isSettled = true;
  }

  /** The process is gone, and its folder is as it was: taken up by another one. */
  async #crash(): Promise<void> {
    const copy = path.join(this.#root, String(++this.#folders));
    await cp(this.#folder, copy, { recursive: true });
    await this.#spool.close();
    this.#folder = copy;
    this.#all((message) => {
      message.mayBeGone ||= !message.isFlushed || message.isSettled !== message.isSettledForGood;
      message.isSettled = message.isSettledForGood;
    });
    await this.open();
  }

  #of(name: SpoolPriority): Expected[] {
    return this.#messages.get(name) ?? [];
  }

  #all(change: (message: Expected) => void): void {
    for (const messages of this.#messages.values()) messages.forEach(change);
  }
}

describe('the spool, held against a list', () => {
  it('gives back all that is not settled, in order, once, over restarts and crashes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const root = await mkdtemp(path.join(tmpdir(), 'sensebind-spool-'));
        const twin = new Twin(root);
        try {
          await twin.open();
          for (const action of steps) await twin.apply(action);
          await twin.verify();
        } finally {
          await twin.close();
          await rm(root, { recursive: true });
        }
      }),
      { numRuns: 60 },
    );
  });
});
