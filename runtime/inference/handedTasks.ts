import type { Micros } from '../clock';
import type { Modality } from '../reading';
import { REQUESTS_IN_HAND, RequestStates } from './requestStates';
import { isMoreUrgent, PATIENCE } from './scheduler';
import type { Task } from './task';

/** So long a task may take for the next one to be handed over before its answer: beside longer ones, a round trip is nothing. */
const SHORT_MICROS: Micros = 50_000;

/** What must begin sooner than this waits outside, where its deadline is looked at once more. */
const TIME_ENOUGH_MICROS: Micros = 1_000_000;

interface HandedTask {
  /** `undefined` once it was taken back: its worker has yet to say that it saw this. */
  task: Task | undefined;
  readonly place: number;
  /** How often its priority had been passed over when its turn came. */
  readonly passedOver: number;
}

/** The tasks that a worker was handed and has not answered, in their order: the one it works on, and the next. */
export class HandedTasks {
  readonly states = new RequestStates();
  readonly #handed: HandedTask[] = [];
  /** How long the last window of each modality took. */
  readonly #lastMicros = new Map<Modality, Micros>();
  #next = 0;

  /** Whether `next` may be handed over at `nowMicros`. */
  hasRoomFor({ deadlineMicros = Number.POSITIVE_INFINITY }: Task, nowMicros: Micros): boolean {
    const [first] = this.#handed;
    if (first === undefined) return true;
    return (
      this.#handed.length < REQUESTS_IN_HAND &&
      first.task?.request.kind === 'encode' &&
      (this.#lastMicros.get(first.task.modality) ?? Number.POSITIVE_INFINITY) <= SHORT_MICROS &&
      deadlineMicros - nowMicros >= TIME_ENOUGH_MICROS
    );
  }

  /** How many wait to be begun: all, or those of one modality. */
  waiting(modality?: Modality): number {
    return this.#waiting().filter(({ task }) => task !== undefined && (modality ?? task.modality) === task.modality)
      .length;
  }

  /** Right before `task` is sent. @returns Its place among the states. */
  put(task: Task, { nowMicros, passedOver }: { readonly nowMicros: Micros; readonly passedOver: number }): number {
    const place = this.#next;
    this.#next = (place + 1) % REQUESTS_IN_HAND;
    this.states.put(place);
    if (this.#handed.length === 0) task.startedMicros = nowMicros;
    this.#handed.push({ task, place, passedOver });
    return place;
  }

  /** The one that was put last was not sent. */
  dropLast(): void {
    const last = this.#handed.pop();
    if (last !== undefined) this.#next = last.place;
  }

  /** The first one was answered: it and all that is known of it leave; the next one is what the worker works on. */
  answered(nowMicros: Micros): Task | undefined {
    const first = this.#handed.shift();
    if (first?.task?.request.kind === 'encode') {
      this.#lastMicros.set(first.task.modality, nowMicros - first.task.startedMicros);
    }
    const [next] = this.#handed;
    if (next?.task !== undefined) next.task.startedMicros = nowMicros;
    return first?.task;
  }

  /** The one of the same source and modality that waits here: taken back. */
  takeBackOlderThan({ source, modality }: Task): Task | undefined {
    if (source === undefined) return undefined;
    const older = this.#waiting().find(({ task }) => task?.source === source && task.modality === modality);
    return older && this.#takeBack(older);
  }

  /** Those that wait here and that `task` goes before, with how often they were passed over now: taken back. */
  takeBackLessUrgentThan(task: Task): readonly { readonly task: Task; readonly passedOver: number }[] {
    const lessUrgent = this.#waiting().filter(
      (other) => other.task !== undefined && isMoreUrgent(task, other.task) && other.passedOver < PATIENCE,
    );
    return lessUrgent.flatMap((handed) => {
      const taken = this.#takeBack(handed);
      return taken === undefined ? [] : { task: taken, passedOver: handed.passedOver + 1 };
    });
  }

  /** True when `task` was in hand and is not any more; false where it was begun: then its answer is not waited for. */
  withdraw(task: Task): boolean {
    const handed = this.#handed.find((one) => one.task === task);
    if (handed === undefined) return false;
    if (this.#takeBack(handed) !== undefined) return true;
    this.states.giveUp(handed.place);
    return false;
  }

  /** All that are in hand, and whether each was begun. The worker is gone. */
  drain(): readonly { readonly task: Task; readonly isBegun: boolean }[] {
    const drained = this.#handed.splice(0);
    return drained.flatMap(({ task, place }) =>
      task === undefined ? [] : [{ task, isBegun: this.states.isBegun(place) }],
    );
  }

  /** All that are in hand. */
  tasks(): readonly Task[] {
    return this.#handed.flatMap(({ task }) => task ?? []);
  }

  /** All but the one that the worker works on, or is about to. */
  #waiting(): readonly HandedTask[] {
    return this.#handed.slice(1);
  }

  #takeBack(handed: HandedTask): Task | undefined {
    const { task, place } = handed;
    if (!this.states.takeBack(place)) return undefined;
    handed.task = undefined;
    return task;
  }
}
