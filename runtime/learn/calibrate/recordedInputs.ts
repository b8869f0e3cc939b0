import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { RecordedChannel } from '../../../devices/recording/channels';
import { filesOf, type RecordedItem, readRecording } from '../../../devices/recording/readRecording';
import { recordingInfo } from '../../../devices/recording/recordingInfo';
import {
  type CalibratedEncoder,
  type CalibrationSource,
  MOST_CALIBRATION_ITEMS,
} from '../../../models/bundle/calibration';
import type { InputSpec } from '../../../models/bundle/manifest';
import type { EncoderItem } from '../../../models/onnx/quantize/graphSession';
import type { Clock, Millis } from '../../clock';
import { isSensebindError, SensebindError } from '../../errors';
import type { EncoderInput } from '../../preprocess/input';
import { presetOf } from '../../preprocess/presets';
import { generatedInputs } from './generatedInputs';
import { preparedItem } from './preparedItem';
import { WindowCutter } from './windowCutter';

/** Windows are at least this far apart, and never overlap: what is held back must not have been seen in part. */
const LEAST_HOP_MILLIS = 1000;

/**
 * Inputs out of recordings, spread over all of their time: every source of an encoder's modality, cut into windows and
 * prepared as the pipeline does. Text, which nobody records, is generated.
 *
 * @param folder - A recording, or a folder of recordings.
 * @throws {SensebindError} `CALIBRATION_INVALID` when there is none. The source throws what reading a recording throws.
 */
export async function recordedInputs(folder: string, { clock }: { readonly clock: Clock }): Promise<CalibrationSource> {
  const recordings = await recordingsIn(folder);
  const description = `${recordings.length === 1 ? 'the recording' : `${recordings.length} recordings of`} ${path.basename(path.resolve(folder))}`;
  return (encoder) => {
    if (encoder.encoder.input.kind === 'tokens') return generatedInputs(encoder);
    return { description, items: itemsOf(recordings, encoder, clock) };
  };
}

/** Itself, where it is one; else those in it. */
async function recordingsIn(folder: string): Promise<readonly string[]> {
  if (await isRecording(folder)) return [folder];
  const entries = await readdir(folder).catch(() => []);
  const found: string[] = [];
  for (const name of entries.sort()) {
    const inside = path.join(folder, name);
    if (await isRecording(inside)) found.push(inside);
  }
  if (found.length > 0) return found;
  throw new SensebindError(
    'CALIBRATION_INVALID',
    `Expected a recording or a folder of recordings at ${folder}, found none`,
    'Make one with "sensebind record", or leave --calibration out.',
  );
}

async function isRecording(place: string): Promise<boolean> {
  try {
    const files = await filesOf(place);
    return files.every((file) => file.endsWith('.mcap'));
  } catch (error) {
    if (isSensebindError(error, 'FILE_UNREADABLE')) return false;
    throw error;
  }
}

async function* itemsOf(
  recordings: readonly string[],
  { modality, encoder }: CalibratedEncoder,
  clock: Clock,
): AsyncGenerator<EncoderItem> {
  const preset = presetOf(modality, encoder.preset);
  const preprocessor = preset.create(encoder.input, {});
  const wanted = new Set([modality, preset.modality]);
  const hop = await hopFor(recordings, wanted, encoder.input);
  for (const recording of recordings) {
    const cutter = new WindowCutter({ encoder, hop, clock });
    const wants = (channel: RecordedChannel): boolean => channel.kind === 'reading' && wanted.has(channel.modality);
    for await (const input of inputsIn(readRecording(recording, { memory: cutter.pool, wants }), cutter)) {
      const prepared = await preparedItem(preprocessor, input);
      if (prepared !== undefined) yield prepared;
    }
  }
}

/** Each is valid until the next is asked for. */
async function* inputsIn(recorded: AsyncIterable<RecordedItem>, cutter: WindowCutter): AsyncGenerator<EncoderInput> {
  for await (const item of recorded) {
    if (item.kind === 'session') yield* cutter.rest();
    if (item.kind === 'reading') yield* cutter.inputsOf(item.reading);
  }
  yield* cutter.rest();
}

/** So that the windows of all recordings are about as many as are taken. */
async function hopFor(
  recordings: readonly string[],
  modalities: ReadonlySet<string>,
  input: InputSpec,
): Promise<Millis> {
  let micros = 0;
  for (const recording of recordings) {
    const { channels } = await recordingInfo(recording);
    for (const { kind, name, firstMicros, lastMicros } of channels) {
      if (kind === 'reading' && modalities.has(name)) micros += lastMicros - firstMicros;
    }
  }
  const window = Math.ceil(1000 * windowSecondsOf(input));
  return Math.max(LEAST_HOP_MILLIS, window, Math.ceil(micros / 1000 / MOST_CALIBRATION_ITEMS)) as Millis;
}

/** What one input covers; a picture, an instant. */
function windowSecondsOf(input: InputSpec): number {
  if (input.kind === 'sound') return input.clipSeconds;
  return input.kind === 'series' ? input.windowSeconds : 0;
}
