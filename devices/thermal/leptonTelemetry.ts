/** What a Lepton says of a picture, beside the picture (Lepton datasheet 500-0659-00-09, telemetry rows A and C). */
export interface LeptonTelemetry {
  /** Counts pictures of the sensor; the board sends each of them up to three times. */
  readonly frame: number;
  /** A flat-field correction is in progress: the picture shows the shutter. */
  readonly isCorrecting: boolean;
  /** What one step stands for: `counts` when the camera is not set to temperatures. */
  readonly unit: 'cK' | 'dK' | 'counts';
}

/** Words of a row, wherever the rows stand. */
const WORDS_A_ROW = 80;

const CORRECTION_SHIFT = 4;
const CORRECTION_IN_PROGRESS = 2;

/**
 * Reads the rows below a picture. Three rows of 80 words follow each other; on a picture that is 160 wide, two to a line.
 *
 * @param words - What follows the picture.
 */
export function readLeptonTelemetry(words: Uint16Array): LeptonTelemetry {
  const rowA = (index: number): number => words[index] ?? 0;
  const rowC = (index: number): number => words[2 * WORDS_A_ROW + index] ?? 0;
  // 32-bit fields: low word first.
  const long = (index: number): number => rowA(index) + rowA(index + 1) * 65_536;
  const status = long(3);
  return {
    frame: long(20),
    isCorrecting: ((status >>> CORRECTION_SHIFT) & 3) === CORRECTION_IN_PROGRESS,
    unit: rowC(48) === 0 ? 'counts' : rowC(49) === 1 ? 'cK' : 'dK',
  };
}
