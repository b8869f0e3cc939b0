/** A reader of bytes from outside, to be fed with damaged examples. */
export interface FuzzTarget {
  readonly name: string;
  /** One case; it may only throw a SensebindError. */
  run(bytes: Uint8Array): Promise<void> | void;
  /** Valid examples to mutate. */
  seeds(): Promise<readonly Uint8Array[]> | readonly Uint8Array[];
}
