import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Priority, Scheduler, type Ticket } from '../../../runtime/inference/scheduler';

interface Named extends Ticket {
  readonly name: string;
}

function ticket(name: string, rest: Partial<Ticket> = {}): Named {
  return { name, modality: 'imu', priority: 'normal', ...rest };
}

/** Takes tickets out at time 0 until none is left. */
function served(scheduler: Scheduler<Named>): string[] {
  const names: string[] = [];
  for (let next = scheduler.next(0).ticket; next !== undefined; next = scheduler.next(0).ticket) names.push(next.name);
  return names;
}

function filled(...tickets: Named[]): Scheduler<Named> {
  const scheduler = new Scheduler<Named>(100);
  for (const each of tickets) assert.equal(scheduler.submit(each).kind, 'queued');
  return scheduler;
}

describe('the scheduler', () => {
  it('serves first come, first served, the urgent before the others', () => {
    const scheduler = filled(
      ticket('low', { priority: 'low' }),
      ticket('normal 1'),
      ticket('high 1', { priority: 'high' }),
      ticket('normal 2'),
      ticket('high 2', { priority: 'high' }),
    );
    assert.deepEqual(served(scheduler), ['high 1', 'high 2', 'normal 1', 'normal 2', 'low']);
    assert.deepEqual(scheduler.next(0), { ticket: undefined, passedOver: 0, late: [] });
  });

  it('keeps the newest of a source and modality, in the place of the older', () => {
    const older = ticket('mic0 old', { source: 'mic0' });
    const scheduler = filled(
      older,
      ticket('mic1', { source: 'mic1' }),
      ticket('vision', { source: 'mic0', modality: 'vision' }),
    );
    const submitted = scheduler.submit(ticket('mic0 new', { source: 'mic0' }));
    assert.deepEqual(submitted, { kind: 'superseding', older });
    assert.deepEqual(served(scheduler), ['mic0 new', 'mic1', 'vision']);
  });

  it('lets the newest of a source wait at its own priority', () => {
    const scheduler = filled(ticket('old', { source: 'mic0', priority: 'low' }), ticket('other', { priority: 'high' }));
    scheduler.submit(ticket('new', { source: 'mic0', priority: 'high' }));
    assert.deepEqual(served(scheduler), ['other', 'new']);
  });

  it('lets all wait that have no source', () => {
    assert.deepEqual(served(filled(ticket('a'), ticket('b'), ticket('c'))), ['a', 'b', 'c']);
  });

  it('serves what is put first before its priority, not before a higher one, and shows what comes next', () => {
    const scheduler = filled(ticket('a'), ticket('b', { priority: 'high' }), ticket('c'));
    scheduler.putFirst(ticket('again'));
    assert.equal(scheduler.peek()?.name, 'b');
    assert.deepEqual(served(scheduler), ['b', 'again', 'a', 'c']);
    assert.equal(scheduler.peek(), undefined);
  });

  it('counts against its limit what waits elsewhere', () => {
    const scheduler = new Scheduler<Named>(2);
    assert.equal(scheduler.submit(ticket('a'), 1).kind, 'queued');
    assert.equal(scheduler.submit(ticket('b'), 1).kind, 'full');
    assert.equal(scheduler.submit(ticket('b'), 0).kind, 'queued');
  });

  it('is full at its limit, but takes what supersedes', () => {
    const scheduler = new Scheduler<Named>(2);
    scheduler.submit(ticket('a', { source: 'mic0' }));
    scheduler.submit(ticket('b'));
    assert.deepEqual(scheduler.submit(ticket('c')), { kind: 'full' });
    assert.equal(scheduler.submit(ticket('d', { source: 'mic0' })).kind, 'superseding');
    assert.equal(scheduler.size, 2);
    assert.deepEqual(served(scheduler), ['d', 'b']);
  });

  it('drops what is late when its turn comes, and not what is just in time', () => {
    const late = [ticket('a', { deadlineMicros: 9 }), ticket('b', { deadlineMicros: 8 })];
    const inTime = ticket('c', { deadlineMicros: 10 });
    const scheduler = filled(...late, inTime, ticket('d'));
    assert.deepEqual(scheduler.next(10), { ticket: inTime, passedOver: 0, late });
    assert.equal(scheduler.size, 1);
  });

  it('serves every priority within ten turns while the others never run dry', () => {
    for (const starved of ['normal', 'low'] as const) {
      const others = (['high', 'normal', 'low'] as const).filter((priority) => priority !== starved);
      const scheduler = filled(
        ticket('starved', { priority: starved }),
        ...others.map((priority) => ticket(priority, { priority })),
      );
      const names: string[] = [];
      while (!names.includes('starved')) {
        const next = scheduler.next(0).ticket;
        assert.ok(next !== undefined && names.length < 10, `${starved} after ${names.join(', ')}`);
        names.push(next.name);
        if (next.name !== 'starved') scheduler.submit(ticket(next.priority, { priority: next.priority }));
      }
      assert.ok(names.filter((name) => name === 'high').length >= 8, `high is served before: ${names.join(', ')}`);
    }
  });

  it('lets patience begin anew once a priority had its turn or has nothing waiting', () => {
    const scheduler = new Scheduler<Named>(100);
    for (let turn = 0; turn < 20; turn++) {
      const low = ticket(`low ${turn}`, { priority: 'low' });
      scheduler.submit(low);
      scheduler.submit(ticket('high', { priority: 'high' }));
      assert.equal(scheduler.next(0).ticket?.name, 'high');
      assert.ok(scheduler.remove(low));
      scheduler.submit(ticket('high', { priority: 'high' }));
      assert.equal(scheduler.next(0).ticket?.name, 'high');
    }
  });

  it('takes tickets back, each once', () => {
    const [a, b, c] = [ticket('a'), ticket('b', { priority: 'low' }), ticket('c')];
    const scheduler = filled(a, b, c);
    assert.equal(scheduler.remove(a), true);
    assert.equal(scheduler.remove(a), false);
    assert.equal(scheduler.remove(ticket('c')), false);
    assert.equal(scheduler.depthOf('imu'), 2);
    assert.equal(scheduler.depthOf('vision'), 0);
    assert.deepEqual(scheduler.drain(), [c, b]);
    assert.equal(scheduler.size, 0);
    assert.deepEqual(scheduler.drain(), []);
  });
});

const LIMIT = 6;
const PRIORITIES: readonly Priority[] = ['high', 'normal', 'low'];

const submission = fc.record(
  {
    do: fc.constant('submit' as const),
    modality: fc.constantFrom('imu', 'audio'),
    priority: fc.constantFrom(...PRIORITIES),
    source: fc.constantFrom('a', 'b'),
    deadlineMicros: fc.integer({ min: 0, max: 60 }),
  },
  { requiredKeys: ['do', 'modality', 'priority'] },
);
const step = fc.oneof(
  { weight: 6, arbitrary: submission },
  { weight: 4, arbitrary: fc.constant({ do: 'next' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant({ do: 'drain' as const }) },
);

type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

/** Does `steps` to a scheduler, one a microsecond; says what became of each ticket, and checks what must hold at each step. */
class Ledger {
  readonly tickets: Named[] = [];
  readonly #fates = new Map<Named, string[]>();
  readonly #scheduler = new Scheduler<Named>(LIMIT);

  fatesOf(each: Named): readonly string[] {
    return this.#fates.get(each) ?? [];
  }

  take(steps: readonly Step[]): void {
    for (const [nowMicros, what] of steps.entries()) {
      if (what.do === 'submit') this.#submit(ticket(String(this.tickets.length), what));
      else if (what.do === 'next') this.#next(nowMicros);
      else if (what.do === 'remove') this.#remove(what.which);
      else for (const each of this.#scheduler.drain()) this.#note(each, 'drained');
      assert.equal(this.#scheduler.size, this.#waiting().length);
      assert.ok(this.#scheduler.size <= LIMIT);
    }
    while (this.#waiting().length > 0) this.#next(steps.length);
  }

  #submit(added: Named): void {
    const before = this.#waiting();
    this.tickets.push(added);
    const twin = before.find(
      ({ source, modality }) => source !== undefined && source === added.source && modality === added.modality,
    );
    const submitted = this.#scheduler.submit(added);
    const room = before.length < LIMIT ? 'queued' : 'full';
    assert.equal(submitted.kind, twin === undefined ? room : 'superseding');
    if (submitted.kind === 'full') this.#note(added, 'full');
    if (submitted.kind !== 'superseding') return;
    assert.equal(submitted.older, twin);
    this.#note(submitted.older, 'superseded');
  }

  #next(nowMicros: number): void {
    const { ticket: found, late } = this.#scheduler.next(nowMicros);
    for (const each of late) {
      assert.ok(isLate(each, nowMicros));
      this.#note(each, 'late');
    }
    if (found === undefined) {
      assert.deepEqual(this.#waiting(), []);
      return;
    }
    assert.ok(!isLate(found, nowMicros));
    this.#note(found, 'served');
  }

  #remove(which: number): void {
    if (this.tickets.length === 0) return;
    const chosen = this.tickets[which % this.tickets.length]!;
    const wasWaiting = this.#waiting().includes(chosen);
    assert.equal(this.#scheduler.remove(chosen), wasWaiting);
    if (wasWaiting) this.#note(chosen, 'removed');
  }

  #waiting(): Named[] {
    return this.tickets.filter((each) => this.fatesOf(each).length === 0);
  }

  #note(each: Named, fate: string): void {
    this.#fates.set(each, [...this.fatesOf(each), fate]);
  }
}

function isLate({ deadlineMicros }: Named, nowMicros: number): boolean {
  return deadlineMicros !== undefined && deadlineMicros < nowMicros;
}

describe('the scheduler, whatever is done to it', () => {
  it('lets every ticket come out exactly once, and never holds more than its limit', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ledger = new Ledger();
        ledger.take(steps);
        for (const each of ledger.tickets)
          assert.equal(ledger.fatesOf(each).length, 1, `${each.name}: ${ledger.fatesOf(each).join(', ')}`);
      }),
      { numRuns: 500 },
    );
  });

  it('never lets a ticket wait for more than ten turns of others for each one before it in its line', () => {
    const priorities = fc.array(fc.constantFrom(...PRIORITIES), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(priorities, priorities, (first, refills) => {
        const scheduler = new Scheduler<Named>(Number.POSITIVE_INFINITY);
        const places = new Map<Named, { readonly before: number; readonly since: number }>();
        const waiting: Record<Priority, number> = { high: 0, normal: 0, low: 0 };
        const add = (priority: Priority, turn: number): void => {
          const added = ticket(String(places.size), { priority });
          places.set(added, { before: waiting[priority], since: turn });
          waiting[priority]++;
          scheduler.submit(added);
        };
        for (const priority of first) add(priority, 0);
        for (let turn = 1; scheduler.size > 0; turn++) {
          const found = scheduler.next(0).ticket!;
          waiting[found.priority]--;
          const { before, since } = places.get(found)!;
          assert.ok(
            turn - since <= 10 * (before + 1),
            `${found.priority} waited ${turn - since} turns behind ${before}`,
          );
          const refill = refills[turn];
          if (refill !== undefined) add(refill, turn);
        }
      }),
    );
  });
});
