/** One 16-bit number a pixel, row-major, as a depth or radiometric thermal camera delivers them. */
export interface Gray16 {
  readonly values: Uint16Array;
  readonly width: number;
  readonly height: number;
}
