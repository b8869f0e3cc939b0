import type { Micros } from '../clock';
import type { ErrorCode } from '../errors';
import type { FramePoolStats } from '../frames';
import type { Modality } from '../reading';
import { type Durations, RecentDurations } from '../recentDurations';
import type { ProviderInUse } from './protocol';
import type { WorkerState, WorkerStatus } from './workerHost';

/** What became of the requests of one modality since the engine was opened. */
export interface ModalityStats {
  readonly encoded: number;
  /** Refused by preprocessing, by the encoder, or for what came out of it. */
  readonly failed: number;
  readonly superseded: number;
  readonly late: number;
  readonly aborted: number;
  /** Found no room: queue or shared memory full. */
  readonly refused: number;
  /** Were running when the worker ended, or came while it was degraded. */
  readonly lost: number;
  /** Were open when the engine was closed. */
  readonly closed: number;
  /** Waiting now. */
  readonly queued: number;
  readonly waiting: Durations;
  readonly preprocessing: Durations;
  readonly forward: Durations;
}

/** How an engine is. */
export interface EngineStatus {
  /** That of the worst worker. */
  readonly state: WorkerState;
  /** Why it is in this state, in words. */
  readonly reason: string;
  /** The execution provider of each encoder that was loaded, and why this one. */
  readonly providers: Readonly<Record<Modality, ProviderInUse>>;
  readonly workers: readonly WorkerStatus[];
}

export interface EngineStats extends EngineStatus {
  readonly modalities: Readonly<Record<Modality, ModalityStats>>;
  /** Shared memory for inputs that came on private memory. */
  readonly frames: FramePoolStats;
}

type Outcome = 'encoded' | 'failed' | 'superseded' | 'late' | 'aborted' | 'refused' | 'lost' | 'closed';

/** Counts and times the requests of one modality. */
export class ModalityCounter {
  readonly #counts: Record<Outcome, number> = {
    encoded: 0,
    failed: 0,
    superseded: 0,
    late: 0,
    aborted: 0,
    refused: 0,
    lost: 0,
    closed: 0,
  };
  readonly #waiting = new RecentDurations();
  readonly #preprocessing = new RecentDurations();
  readonly #forward = new RecentDurations();

  encoded(durations: {
    readonly waitingMicros: Micros;
    readonly preprocessingMicros: Micros;
    readonly forwardMicros: Micros;
  }): void {
    this.#counts.encoded++;
    this.#waiting.add(durations.waitingMicros);
    this.#preprocessing.add(durations.preprocessingMicros);
    this.#forward.add(durations.forwardMicros);
  }

  rejected(code: ErrorCode): void {
    this.#counts[outcomeOf(code)]++;
  }

  snapshot(queued: number): ModalityStats {
    return {
      ...this.#counts,
      queued,
      waiting: this.#waiting.snapshot(),
      preprocessing: this.#preprocessing.snapshot(),
      forward: this.#forward.snapshot(),
    };
  }
}

function outcomeOf(code: ErrorCode): Outcome {
  switch (code) {
    case 'REQUEST_SUPERSEDED':
      return 'superseded';
    case 'REQUEST_LATE':
      return 'late';
    case 'REQUEST_ABORTED':
      return 'aborted';
    case 'QUEUE_FULL':
      return 'refused';
    case 'ENGINE_WORKER_EXITED':
    case 'ENGINE_DEGRADED':
      return 'lost';
    case 'ENGINE_CLOSED':
      return 'closed';
    default:
      return 'failed';
  }
}
