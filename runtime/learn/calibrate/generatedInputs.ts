import { renderDepth } from '../../../devices/simulated/depth';
import { PICTURE_SECONDS } from '../../../devices/simulated/drawScene';
import { renderRgb } from '../../../devices/simulated/rgb';
import type { Scene } from '../../../devices/simulated/scene';
import { SENSORS, type Sensor } from '../../../devices/simulated/sensor';
import type { CalibratedEncoder, CalibrationSource } from '../../../models/bundle/calibration';
import type { EncoderManifest } from '../../../models/bundle/manifest';
import type { EncoderItem } from '../../../models/onnx/quantize/graphSession';
import { SensebindError } from '../../errors';
import type { EncoderInput } from '../../preprocess/input';
import { presetOf } from '../../preprocess/presets';
import { planScenes, sceneOf } from '../scenePlan';
import { readingOf } from '../sensorItems';
import { generatedTexts } from './generatedTexts';
import { preparedItem } from './preparedItem';

/** Half to calibrate with and half to judge by. */
const SCENES = 16;
/** Scenes that nothing is judged by later: of the set to learn from, with a seed that no training takes. */
const SPEC = { set: 'bound', count: SCENES, seed: 2 ** 20 - 1 } as const;

const TEXT = 'text';

/**
 * Inputs that need no recordings: scenes of the simulated world as each sensor has them, prepared as the engine does, and
 * for text what is said of such scenes. The same each time.
 *
 * Its source throws {@link SensebindError} `CALIBRATION_INVALID` for an encoder that no simulated sensor feeds.
 */
export const generatedInputs: CalibrationSource = (encoder) => {
  const description =
    encoder.modality === TEXT
      ? 'generated captions and prompts of the simulated world'
      : `${SCENES} generated scenes of the simulated world`;
  return { description, items: encoder.modality === TEXT ? textItems(encoder) : sceneItems(encoder) };
};

async function* sceneItems({ modality, encoder }: CalibratedEncoder): AsyncGenerator<EncoderItem> {
  const preset = presetOf(modality, encoder.preset);
  const sensor = SENSORS.find((candidate) => candidate === preset.modality);
  if (sensor === undefined) throw notSimulated(modality);
  const preprocessor = preset.create(encoder.input, {});
  for (const planned of planScenes(SPEC)) {
    const item = await preparedItem(preprocessor, seenOf(sensor, { scene: sceneOf(planned), encoder }));
    if (item !== undefined) yield item;
  }
}

async function* textItems({ modality, encoder, bundle }: CalibratedEncoder): AsyncGenerator<EncoderItem> {
  const { tokenizer } = bundle.manifest;
  const resources = tokenizer === undefined ? {} : { tokenizerPath: bundle.pathOf(tokenizer) };
  const preprocessor = presetOf(modality, encoder.preset).create(encoder.input, resources);
  for (const text of generatedTexts(SCENES)) {
    const item = await preparedItem(preprocessor, { kind: 'text', text });
    if (item !== undefined) yield item;
  }
}

/** Pictures in the size of the encoder: enlarged ones lack all that is small. */
function seenOf(
  sensor: Sensor,
  { scene, encoder: { input } }: { readonly scene: Scene; readonly encoder: EncoderManifest },
): EncoderInput {
  if (input.kind === 'picture') {
    const view = { size: { width: input.width, height: input.height }, atSeconds: PICTURE_SECONDS };
    if (sensor === 'vision') return { kind: 'picture', frames: [{ rgb: renderRgb(scene, view), ...view.size }] };
    if (sensor === 'depth') return { kind: 'depth', metres: renderDepth(scene, view), ...view.size };
  }
  return readingOf(sensor, scene);
}

function notSimulated(modality: string): SensebindError {
  return new SensebindError(
    'CALIBRATION_INVALID',
    `Expected an encoder of text or of one of ${SENSORS.join(', ')}, found ${modality}, whose sensor is not simulated`,
    'Give a recording of that sensor with --calibration, or leave the encoder out with --modalities.',
  );
}
