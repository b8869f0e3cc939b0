import { CLEARED, type Message } from '../message';

/** What a node retains at its broker: the last message of each topic, in the order of the first of each. */
export class Retained {
  readonly #messages = new Map<string, Message>();
  readonly #onCleared = new Map<string, () => void>();

  topics(): IterableIterator<string> {
    return this.#messages.keys();
  }

  get(topic: string): Message | undefined {
    return this.#messages.get(topic);
  }

  set(topic: string, message: Message): void {
    // A copy: each is told from those before it, also where they are equal.
    this.#messages.set(topic, { ...message });
    this.#onCleared.delete(topic);
  }

  /** @returns false where the topic is being cleared already. */
  clear(topic: string, onCleared: (() => void) | undefined): boolean {
    const isNew = this.#messages.get(topic)?.payload.length !== 0;
    if (isNew) this.set(topic, CLEARED);
    if (onCleared !== undefined) this.#onCleared.set(topic, onCleared);
    return isNew;
  }

  /** It is not published any more. The broker keeps what it has. */
  forget(topic: string): void {
    this.#messages.delete(topic);
    this.#onCleared.delete(topic);
  }

  /** The broker took a message: what was cleared there need not be cleared again. */
  taken(topic: string, message: Message): void {
    if (message.payload.length > 0 || this.#messages.get(topic) !== message) return;
    const onCleared = this.#onCleared.get(topic);
    this.forget(topic);
    onCleared?.();
  }
}
