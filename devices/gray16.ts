/** One number a pixel, row-major: steps of a unit. */
export interface Steps {
  readonly values: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
}

/** One 16-bit number a pixel, row-major, as a depth or radiometric thermal camera delivers them. */
export interface Gray16 extends Steps {
  readonly values: Uint16Array;
}
