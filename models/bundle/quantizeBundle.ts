import path from 'node:path';
import { SensebindError } from '../../runtime/errors';
import { type QuantizationStep, type QuantizedEncoder, quantizeEncoder } from '../onnx/quantize/quantizeEncoder';
import { SMOOTHING } from '../onnx/quantize/smoothing';
import { type TimeRatio, timeRatio } from '../onnx/quantize/timeRatio';
import type { Bundle } from './bundle';
import { bundleFile, encoderFiles, writeText } from './bundleFiles';
import { type CalibrationSource, calibrationItems, type DescribedItems } from './calibration';
import { aborted } from './convert';
import { copyFiles, filesIn } from './copyFiles';
import { MANIFEST_FILE } from './location';
import type { EncoderManifest, Manifest } from './manifest';
import { type Overwrite, systemFailure, Workspace } from './workspace';

export interface QuantizationProgress {
  readonly modality: string;
  /** `time`: the encoder before and after, in turn. */
  readonly step: QuantizationStep | 'time';
  /** Items, tensors or layers. */
  readonly done: number;
  readonly total: number;
}

export interface QuantizationOptions {
  readonly outputDirectory: string;
  /** All that are not int8 yet, unless named; others are taken over as they are. */
  readonly modalities?: readonly string[] | undefined;
  readonly calibration: CalibrationSource;
  /** Of the runtime. */
  readonly threads: number;
  /** What an encoder has to reach on held-back inputs; 0.99 unless given. */
  readonly leastCosine?: number | undefined;
  readonly overwrite?: Overwrite;
  /** Milliseconds of a clock that only goes forward: given, the time of both encoders is compared too. */
  readonly now?: (() => number) | undefined;
  readonly onProgress?: ((progress: QuantizationProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What became of one encoder. */
export interface QuantizedRow {
  readonly modality: string;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly worstCosine: number;
  readonly meanCosine: number;
  readonly int8Layers: number;
  readonly fp32Layers: readonly string[];
  /** `undefined` without a clock, and for an encoder that stayed as it was. */
  readonly time: TimeRatio | undefined;
}

export interface QuantizedBundle {
  readonly manifest: Manifest;
  readonly encoders: readonly QuantizedRow[];
}

/** A bundle whose files are known to be what its manifest says. */
export type QuantizableBundle = Pick<Bundle, 'directory' | 'manifest' | 'pathOf'>;

/** Results of other weights lie beside a bundle and belong to it alone (`sensebind eval`). */
const NOT_OURS = [MANIFEST_FILE, 'results.json'];
const OVERHEAD_BYTES = 2 ** 22;

/**
 * Makes a bundle of another one whose encoders are int8. The other stays as it is unless it is the output; the folder
 * appears under its name only when it is whole. An encoder that int8 spoils keeps some layers or all of them as they
 * were, and the manifest says so.
 *
 * @throws {SensebindError} `MODALITY_UNKNOWN`; `INPUT_INVALID` for an encoder that is int8 already;
 * `CALIBRATION_INVALID` for too few inputs or such as the encoder does not take; `BUNDLE_CORRUPT`; `CONVERSION_ABORTED`;
 * `OUTPUT_EXISTS`, `DISK_FULL`, `FILE_UNWRITABLE`. Nothing is left behind then.
 */
export async function quantizeBundle(
  bundle: QuantizableBundle,
  options: QuantizationOptions,
): Promise<QuantizedBundle> {
  const { outputDirectory, signal, overwrite = 'refuse' } = options;
  const wanted = wantedEncoders(bundle.manifest, options.modalities);
  const replaced = new Set([...NOT_OURS, ...wanted.flatMap(({ encoder }) => encoderFiles(encoder))]);
  const kept = (await filesIn(bundle.directory)).filter(({ name }) => !replaced.has(name));
  const workspace = await Workspace.create(outputDirectory, { overwrite, bytesNeeded: bytesNeeded(wanted, kept) });
  try {
    await copyFiles(kept, { from: bundle.directory, to: workspace.directory, signal });
    const encoders: Record<string, EncoderManifest> = { ...bundle.manifest.encoders };
    const rows: QuantizedRow[] = [];
    for (const { modality, encoder } of wanted) {
      const made = await quantize({ modality, encoder, bundle, directory: workspace.directory }, options);
      encoders[modality] = made.encoder;
      rows.push(made.row);
    }
    const manifest: Manifest = { ...bundle.manifest, encoders };
    await writeText(workspace, { name: MANIFEST_FILE, content: `${JSON.stringify(manifest, null, 2)}\n` });
    await workspace.commit();
    return { manifest, encoders: rows };
  } catch (error) {
    await workspace.discard();
    throw systemFailure(aborted(signal, error), outputDirectory);
  }
}

interface Wanted {
  readonly modality: string;
  readonly encoder: EncoderManifest;
}

function wantedEncoders({ encoders }: Manifest, modalities: readonly string[] | undefined): readonly Wanted[] {
  const names = modalities ?? Object.keys(encoders).filter((name) => encoders[name]?.precision !== 'int8');
  const wanted = [...new Set(names)].map((modality) => {
    const encoder = Object.hasOwn(encoders, modality) ? encoders[modality] : undefined;
    if (encoder === undefined) throw unknown(modality, Object.keys(encoders));
    if (encoder.precision === 'int8') throw alreadyInt8(`${modality} encoder`);
    return { modality, encoder };
  });
  if (wanted.length === 0) throw alreadyInt8('bundle');
  return wanted;
}

function bytesNeeded(wanted: readonly Wanted[], kept: readonly { readonly bytes: number }[]): number {
  const made = wanted.map(({ encoder: { model, weights, precision } }) => {
    const bytes = model.bytes + (weights?.bytes ?? 0);
    // A quarter, and once more while another try is written in its place.
    return precision === 'fp32' ? bytes / 2 : bytes;
  });
  return [...made, ...kept.map(({ bytes }) => bytes)].reduce((sum, bytes) => sum + bytes, OVERHEAD_BYTES);
}

interface Source extends Wanted {
  readonly bundle: QuantizableBundle;
  /** Where the new encoder goes. */
  readonly directory: string;
}

async function quantize(
  source: Source,
  options: QuantizationOptions,
): Promise<{ readonly encoder: EncoderManifest; readonly row: QuantizedRow }> {
  const { modality, encoder, bundle, directory } = source;
  const { threads, leastCosine, signal, onProgress } = options;
  const items = await calibrationItems({ modality, encoder, bundle }, options);
  const modelPath = bundle.pathOf(encoder.model);
  const target = path.join(directory, `${modality}.onnx`);
  const made = await quantizeEncoder({
    source: { modelPath, weightsPath: encoder.weights === null ? undefined : bundle.pathOf(encoder.weights) },
    target: { modelPath: target, weightsPath: `${target}.data` },
    items,
    threads,
    leastCosine,
    signal,
    onProgress: (progress) => onProgress?.({ modality, ...progress }),
  });
  if (made.written === undefined) await copyEncoder(source, options);
  const manifest = manifestOf(encoder, { made, items });
  const time = made.written === undefined ? undefined : await timed(source, { target, items, options });
  const { agreement, int8Layers, fp32Layers } = made;
  const row = { modality, bytesBefore: bytesOf(encoder), bytesAfter: bytesOf(manifest), ...agreement, time };
  return { encoder: manifest, row: { ...row, int8Layers: int8Layers.length, fp32Layers } };
}

async function copyEncoder({ encoder, bundle, directory }: Source, { signal }: QuantizationOptions): Promise<void> {
  const files = encoderFiles(encoder).map((name) => ({ name, bytes: 0 }));
  await copyFiles(files, { from: bundle.directory, to: directory, signal });
}

function manifestOf(
  encoder: EncoderManifest,
  { made, items }: { readonly made: QuantizedEncoder; readonly items: DescribedItems },
): EncoderManifest {
  const { written, agreement, int8Layers, fp32Layers } = made;
  const files =
    written === undefined
      ? {}
      : { model: bundleFile(written.model), weights: bundleFile(written.weights), precision: 'int8' as const };
  return {
    ...encoder,
    ...files,
    quantization: {
      scheme: 'dynamic-u8s8',
      smoothing: SMOOTHING,
      calibration: { source: items.description, inputs: items.calibration.length },
      heldBack: { inputs: items.heldBack.length, ...agreement },
      int8Layers: int8Layers.length,
      fp32Layers: [...fp32Layers],
    },
  };
}

async function timed(
  { modality, encoder, bundle }: Source,
  {
    target,
    items,
    options,
  }: { readonly target: string; readonly items: DescribedItems; readonly options: QuantizationOptions },
): Promise<TimeRatio | undefined> {
  const { now, threads, signal, onProgress } = options;
  const [item] = items.heldBack;
  if (now === undefined || item === undefined) return undefined;
  onProgress?.({ modality, step: 'time', done: 0, total: 1 });
  const before = { modelPath: bundle.pathOf(encoder.model), weightsBytes: encoder.weights?.bytes ?? 0 };
  return timeRatio(before, { modelPath: target }, { item, threads, now, signal });
}

function bytesOf({ model, weights }: Pick<EncoderManifest, 'model' | 'weights'>): number {
  return model.bytes + (weights?.bytes ?? 0);
}

function unknown(modality: string, known: readonly string[]): SensebindError {
  return new SensebindError(
    'MODALITY_UNKNOWN',
    `Expected one of the encoders ${known.join(', ')}, found "${modality}"`,
    'Name encoders that the bundle has.',
  );
}

function alreadyInt8(what: string): SensebindError {
  return new SensebindError(
    'INPUT_INVALID',
    `Expected encoders in fp32 or fp16, found that the ${what} is int8 already`,
    'Quantize the bundle that it was made of; what int8 has lost does not come back.',
  );
}
