import type { Readable } from 'node:stream';

/** What a process has written so far, and a promise of what it will write. */
export interface Output {
  readonly text: string;
  /** Resolves once the output matches. */
  until(pattern: RegExp): Promise<void>;
}

/** Collects the output of a process. */
export function collect(stream: Readable): Output {
  let text = '';
  const looks = new Set<() => void>();
  stream.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    for (const look of looks) look();
  });
  return {
    get text() {
      return text;
    },
    until: (pattern) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!pattern.test(text)) return;
          looks.delete(look);
          resolve();
        };
        looks.add(look);
        look();
      }),
  };
}
