import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../clock';

/** A message that nobody takes, and why. */
export interface DeadLetter {
  readonly topic: string;
  readonly reason: string;
  readonly payload: Buffer;
  /** The payload is UTF-8. */
  readonly text: boolean;
}

export interface DeadLettersOptions {
  /** JSON lines; when it is full, it becomes FILE.1, in place of the one before. */
  readonly file: string;
  readonly clock: Clock;
  /** Of both files together. Default: 16 MiB. */
  readonly maxBytes?: number;
}

/** Letters that wait to be written. */
const MAX_WAITING_BYTES = 2 ** 22;

/** Keeps what a broker refuses, for people to look at: never sent again, never in the way of others. */
export class DeadLetters {
  readonly #options: DeadLettersOptions;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  #count = 0;
  #unwritten = 0;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  /** `unwritten`: letters that the disk did not take. */
  counters(): { readonly count: number; readonly unwritten: number } {
    return { count: this.#count, unwritten: this.#unwritten };
  }

  add({ topic, reason, payload, text }: DeadLetter): void {
    this.#count++;
    const time = new Date(Math.max(0, this.#options.clock.epochMicros() / 1000)).toISOString();
    const content = text ? { payload: payload.toString() } : { payloadBase64: payload.toString('base64') };
    const line = `${JSON.stringify({ time, reason, topic, ...content })}\n`;
    if (this.#waitingBytes + line.length > MAX_WAITING_BYTES) {
      this.#unwritten++;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#writing ??= this.#write();
  }

  /** Resolves when all letters are written, or counted as unwritten. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  async #write(): Promise<void> {
    const { file, maxBytes = 2 ** 24 } = this.#options;
    // A burst becomes one write.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      const text = lines.join('');
      try {
        await mkdir(path.dirname(file), { recursive: true });
        if ((await sizeOf(file)) + text.length > maxBytes / 2) await moveAway(file);
        await appendFile(file, text);
      } catch {
        // Counted and shown in the health of the node: a full disk must not stop the messages that go well.
        this.#unwritten += lines.length;
      }
    }
    this.#writing = undefined;
  }
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => ({ size: 0 }))).size;
}

async function moveAway(file: string): Promise<void> {
  if ((await sizeOf(file)) > 0) await rename(file, `${file}.1`);
}
