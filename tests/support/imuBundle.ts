import { type ConversionOptions, convertCheckpoint } from '../../models/bundle/convert';
import { type Checkpoint, openCheckpoint } from '../../models/checkpoint/checkpoint';
import { readVariant } from '../../models/imagebind/variant';
import { golden } from './paths';
import { TINY_LICENCE } from './tinyBundle';

/** The checkpoint of the golden data, closed when `use` is done. */
export async function withTinyCheckpoint<Result>(use: (checkpoint: Checkpoint) => Promise<Result>): Promise<Result> {
  const checkpoint = await openCheckpoint(golden('imagebind_tiny.pth'));
  try {
    return await use(checkpoint);
  } finally {
    await checkpoint.close();
  }
}

/** Converts the smallest of its encoders, unless told otherwise. */
export async function convertImu(
  outputDirectory: string,
  options: Partial<ConversionOptions> = {},
): ReturnType<typeof convertCheckpoint> {
  const variant = await readVariant(golden('golden.json'));
  return withTinyCheckpoint((checkpoint) =>
    convertCheckpoint(checkpoint, {
      variant,
      modalities: ['imu'],
      outputDirectory,
      precision: 'fp32',
      name: 'imu only',
      trained: false,
      licence: TINY_LICENCE,
      ...options,
    }),
  );
}
