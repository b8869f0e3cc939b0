/**
 * How far this implementation may be from the PyTorch reference (design.md rule 5: constants, not options).
 * Where each comes from: reference/imagebind.md §2.1 (8-bit pictures are exact), §3.3 (two FFTs differ by up to 2e-4 on
 * pure tones after normalisation), §3.4 (kernels built in float32), §10.1 (encoders).
 */
export const TOLERANCES = {
  /** Token ids that differ. */
  tokens: 0,
  /** Eight-bit steps. */
  image: 0,
  /** Eight-bit steps. */
  thermal: 0,
  depth: 1e-3,
  audio: 1e-3,
  imu: 1e-3,
  /** Largest difference of two unit vectors' components. */
  encoder: 1e-4,
} as const;

export type CaseKind = keyof typeof TOLERANCES;

/** The cosine that an encoder must reach besides. */
export const LEAST_COSINE = 0.99999;
