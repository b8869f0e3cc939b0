import type { Bundle } from '../../../../models/bundle/bundle';
import { SensebindError } from '../../../errors';
import { Engine } from '../../../inference/engine';
import { probeInput } from '../../../inference/probeInput';

/** That an encoder works here. */
export interface EncoderProof {
  readonly modality: string;
  readonly precision: string;
  /** Of the files in the bundle. */
  readonly bytes: number;
  /** Length of its embedding: 1, but for rounding. */
  readonly length: number;
  /** One forward of one item, measured. */
  readonly forwardMillis: number;
}

/** Far more than the rounding of a thousand squares in float32. */
const TOLERANCE = 1e-3;

/**
 * Runs each encoder of a bundle twice on made-up values, one encoder in memory at a time: the first run warms it up, the
 * second is timed.
 *
 * @throws {SensebindError} `EMBEDDING_NOT_FINITE` for a vector that is none of unit length; what the engine throws.
 */
export async function proveEncoders(
  bundle: Bundle,
  { signal, onEncoder }: { readonly signal: AbortSignal; readonly onEncoder: (modality: string) => void },
): Promise<readonly EncoderProof[]> {
  const proofs: EncoderProof[] = [];
  for (const [modality, { input, precision, model, weights }] of Object.entries(bundle.manifest.encoders)) {
    onEncoder(modality);
    const engine = await Engine.open(bundle, { workers: 1, modalities: [modality], deviceCache: 'off' });
    try {
      const probe = { kind: 'tensor', ...probeInput({ spec: input }) } as const;
      await engine.encode(modality, probe, { signal });
      let forwardMillis = 0;
      const { vector } = await engine.encode(modality, probe, {
        signal,
        onTimings: ({ forwardMicros }) => {
          forwardMillis = forwardMicros / 1000;
        },
      });
      const length = Math.hypot(...vector);
      requireUnit(modality, length);
      proofs.push({ modality, precision, bytes: model.bytes + (weights?.bytes ?? 0), length, forwardMillis });
    } finally {
      await engine.close();
    }
  }
  return proofs;
}

function requireUnit(modality: string, length: number): void {
  if (Math.abs(length - 1) <= TOLERANCE) return;
  throw new SensebindError(
    'EMBEDDING_NOT_FINITE',
    `Expected an embedding of length 1 of the ${modality} encoder, found ${length}`,
    'Set it up again with --force; if that repeats, the checkpoint is damaged, or this is a mistake in sensebind.',
  );
}
