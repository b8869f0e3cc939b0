import type { Bundle } from '../../models/bundle/bundle';
import type { Modality } from '../reading';
import { encoderHash } from './encoderHash';
import type { EncoderSetup } from './protocol';

/** All encoders of a bundle as a worker needs them; `presets` go before those of the manifest. */
export function encoderSetups(
  bundle: Bundle,
  presets: Readonly<Record<Modality, string>> = {},
): Readonly<Record<Modality, EncoderSetup>> {
  const { encoders, dimensions } = bundle.manifest;
  const setups = Object.entries(encoders).map(([modality, manifest]) => {
    const { model, weights, input, preset, precision } = manifest;
    const setup: EncoderSetup = {
      modality,
      modelPath: bundle.pathOf(model),
      spec: input,
      preset: presets[modality] ?? preset,
      precision,
      dimensions,
      hash: encoderHash(manifest),
      fileBytes: model.bytes + (weights?.bytes ?? 0),
    };
    return [modality, setup];
  });
  return Object.fromEntries(setups);
}
