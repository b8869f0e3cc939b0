import type { EditorRED } from 'node-red';

declare global {
  /** Node-RED's own, there before any of our scripts. */
  const RED: EditorRED;
}

/** Second argument of validators that tell why: Node-RED takes what they return for a reason. */
export interface ValidatorOptions {
  readonly label?: string;
}

/** Text of the palette's catalogue, which all our dialogs share. */
export function words(key: string, values?: Readonly<Record<string, string | number>>): string {
  return RED._(`@sensebind/node-red/palette:${key}`, values as never);
}
