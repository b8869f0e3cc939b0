import type { Truth } from '../../../devices/simulated/truth';
import type { Micros } from '../../clock';
import type { EventMessage } from '../../mqtt/eventMessage';

/** Something that really happens, or happened a while ago. */
interface Happening {
  readonly event: string;
  readonly label: string;
  readonly startMicros: Micros;
  endMicros: Micros | undefined;
  isFound: boolean;
}

/** Windows reach back, so that what has just ended may still be reported. */
const LATEST_MICROS = 6_000_000;

/** What has been over for longer is of no more interest. */
const KEPT_MICROS = 60_000_000;

/** Which sources say the same by themselves. */
export type Agreement = (label: string) => readonly string[];

export interface CommentaryOptions {
  /** On the monotonic clock: second 0 of the lines. */
  readonly startMicros: Micros;
  /** Labels that the configuration has; all else cannot be reported. */
  readonly labels: ReadonlySet<string>;
  readonly agreement: Agreement;
  readonly line: (text: string) => void;
}

/** Says of each event that is published what really happens, and of what really happened that it was missed. */
export class Commentary {
  readonly #options: CommentaryOptions;
  #happenings: Happening[] = [];
  readonly #reported = new Map<string, string>();
  #found = 0;
  #missed = 0;
  #wrong = 0;

  constructor(options: CommentaryOptions) {
    this.#options = options;
  }

  truth({ kind, event, label, monotonicMicros }: Truth): void {
    if (kind === 'started') {
      const isFound = [...this.#reported.values()].includes(event);
      if (isFound) this.#found++;
      this.#happenings.push({ event, label, startMicros: monotonicMicros, endMicros: undefined, isFound });
      return;
    }
    const ended = this.#happenings.find((one) => one.event === event && one.endMicros === undefined);
    if (ended !== undefined) ended.endMicros = monotonicMicros;
  }

  /** @param nowMicros - Monotonic. */
  event({ id, phase, rule, p }: EventMessage, nowMicros: Micros): void {
    if (phase === 'update') return;
    if (phase === 'end') {
      if (this.#reported.delete(id)) this.#line(nowMicros, ['end', rule, '', this.#stillTrue(rule)]);
      return;
    }
    this.#reported.set(id, rule);
    const right = this.#happenings.filter(({ event }) => event === rule);
    for (const one of right) {
      if (!one.isFound) this.#found++;
      one.isFound = true;
    }
    if (right.length === 0) this.#wrong++;
    const sources = this.#options.agreement(rule).join(' ');
    const said = `${p === null ? '' : `${(100 * p).toFixed(0)} %`}${sources === '' ? '' : `  ${sources}`}`;
    this.#line(nowMicros, ['new', rule, said, right.length > 0 ? `right: ${labelsOf(right)}` : this.#inTruth()]);
  }

  /** To be called about once a second: says what was missed. */
  tick(nowMicros: Micros): void {
    for (const one of this.#happenings) {
      const { event, label, isFound, endMicros } = one;
      if (isFound || endMicros === undefined || nowMicros - endMicros < LATEST_MICROS) continue;
      one.isFound = true;
      const isNamed = this.#options.labels.has(event);
      if (isNamed) this.#missed++;
      const why = isNamed ? 'missed' : 'not found, as it has no label';
      this.#line(nowMicros, [
        '',
        '',
        '',
        `${why}: ${label}, ${this.#time(one.startMicros)} to ${this.#time(endMicros)}`,
      ]);
    }
    this.#happenings = this.#happenings.filter(
      ({ isFound, endMicros }) =>
        endMicros === undefined || nowMicros - endMicros < (isFound ? LATEST_MICROS : KEPT_MICROS),
    );
  }

  summary(): string {
    return `found ${this.#found}, missed ${this.#missed}, false alarms ${this.#wrong}`;
  }

  #stillTrue(rule: string): string {
    const goesOn = this.#happenings.some(({ event, endMicros }) => event === rule && endMicros === undefined);
    return goesOn ? 'goes on' : 'over';
  }

  #inTruth(): string {
    const real = this.#happenings.filter(({ endMicros }) => endMicros === undefined);
    return `wrong: ${real.length === 0 ? 'nothing happens' : labelsOf(real)}`;
  }

  #line(nowMicros: Micros, [phase, rule, said, real]: readonly [string, string, string, string]): void {
    this.#options.line(
      `${this.#time(nowMicros)}  ${phase.padEnd(3)}  ${rule.padEnd(16)}  ${said.padEnd(32)}  ${real}`.trimEnd(),
    );
  }

  #time(micros: Micros): string {
    const seconds = Math.max(0, Math.floor((micros - this.#options.startMicros) / 1e6));
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`.padStart(6);
  }
}

function labelsOf(happenings: readonly Happening[]): string {
  return [...new Set(happenings.map(({ label }) => label))].join(' and ');
}
