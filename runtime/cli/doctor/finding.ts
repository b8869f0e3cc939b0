/** One thing that was looked at. `note`: only needed for some devices; `problem`: keeps something from working. */
export interface Finding {
  readonly kind: 'ok' | 'note' | 'problem';
  readonly what: string;
  /** What to do, where something is to be done. */
  readonly cure?: string;
}
