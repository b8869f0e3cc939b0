import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Clock, Millis, Timer } from '../../clock';
import { messageOf, SensebindError } from '../../errors';

/** What systemd says to a service (sd_notify(3), sd_watchdog_enabled(3)). */
export type ServiceEnvironment = Readonly<Partial<Record<'NOTIFY_SOCKET' | 'WATCHDOG_USEC' | 'WATCHDOG_PID', string>>>;

export interface SystemdOptions {
  readonly clock: Clock;
  /** Whether the node does its work: a watchdog that is fed regardless is none. */
  readonly isAlive: () => boolean;
  /** For `systemctl status`, in a line. */
  readonly status: () => string;
  readonly onFailed: (error: SensebindError) => void;
}

/** Without a watchdog, the status is told this often. */
const STATUS_PERIOD = 10_000 as Millis;

/**
 * Tells systemd how the service is, through `systemd-notify`: Node.js has no datagram sockets of the file system. The unit
 * needs `NotifyAccess=all`. Does nothing where systemd does not ask for it.
 */
export class Systemd {
  readonly #options: SystemdOptions;
  readonly #isAsked: boolean;
  readonly #watchdogMillis: number | undefined;
  #timer: Timer | undefined;
  #told = '';
  /** One after the other, so that systemd hears them in order. */
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #hasFailed: boolean = false;
  #isStopping: boolean = false;

  constructor(environment: ServiceEnvironment, options: SystemdOptions) {
    this.#options = options;
    this.#isAsked = environment.NOTIFY_SOCKET !== undefined;
    this.#watchdogMillis = watchdogMillis(environment);
  }

  /** It runs, or runs again after `reloading`. From now on the watchdog is fed. */
  ready(): void {
    if (this.#isStopping) return;
    this.#tell(['READY=1', this.#status()]);
    if (this.#timer === undefined) this.#beat();
  }

  reloading(): void {
    this.#tell(['RELOADING=1', 'STATUS=reading the configuration again']);
  }

  stopping(): void {
    this.#isStopping = true;
    this.#timer?.cancel();
    this.#tell(['STOPPING=1', 'STATUS=stopping']);
  }

  /** Resolves when systemd has heard all. */
  settled(): Promise<void> {
    return this.#turn;
  }

  #beat(): void {
    if (!this.#isAsked) return;
    // Half of the limit, as sd_watchdog_enabled(3) recommends.
    const period = this.#watchdogMillis === undefined ? STATUS_PERIOD : this.#watchdogMillis / 2;
    const beat = (): void => {
      const isFed = this.#watchdogMillis !== undefined && this.#options.isAlive();
      const before = this.#told;
      const status = this.#status();
      const words = [...(isFed ? ['WATCHDOG=1'] : []), ...(status === before ? [] : [status])];
      // When systemd-notify hangs, more of them would not help.
      if (words.length > 0 && this.#waiting === 0) this.#tell(words);
      this.#beat();
    };
    this.#timer = this.#options.clock.setTimer(period as Millis, beat, { background: true });
  }

  #status(): string {
    this.#told = `STATUS=${this.#options.status()}`;
    return this.#told;
  }

  #tell(words: readonly string[]): void {
    if (!this.#isAsked) return;
    this.#waiting++;
    this.#turn = this.#turn
      .then(() => notify(words))
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#waiting--;
      });
  }

  #failed(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#options.onFailed(
      new SensebindError(
        'PROGRAM_FAILED',
        `expected to tell systemd how the service is, found: ${messageOf(error)}`,
        'install systemd-notify (package systemd), or use Type=exec and no WatchdogSec in the unit',
        { cause: error },
      ),
    );
  }
}

/** Milliseconds; `undefined` when no watchdog waits for this process. */
function watchdogMillis({ WATCHDOG_USEC, WATCHDOG_PID }: ServiceEnvironment): number | undefined {
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== `${process.pid}`) return undefined;
  const micros = Number(WATCHDOG_USEC);
  return Number.isSafeInteger(micros) && micros > 0 ? micros / 1000 : undefined;
}

async function notify(words: readonly string[]): Promise<void> {
  const child = spawn('systemd-notify', [...words], { stdio: 'ignore' });
  const [code, signal]: unknown[] = await once(child, 'exit');
  if (code !== 0) throw new Error(`systemd-notify ended with ${code ?? signal}`);
}
