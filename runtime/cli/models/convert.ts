import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { unreadable } from '../../../devices/audio/readWav';
import { convertCheckpoint } from '../../../models/bundle/convert';
import { IMAGEBIND_LICENCE, namedLicence } from '../../../models/bundle/licences';
import type { Manifest, Precision } from '../../../models/bundle/manifest';

import { openCheckpoint } from '../../../models/checkpoint/checkpoint';
import { VARIANTS } from '../../../models/imagebind/variant';
import { parseTokenizer, type TokenizerDefinition } from '../../../models/text/tokenizerDefinition';
import { printLicence } from '../bundle';
import { untilInterrupted } from '../interrupt';
import { formatBytes, type OutputOptions, print, printJson, printTable, UsageError } from '../output';
import { startProgress } from '../progress';
import { reportQuantized } from './quantizeReport';
import { PUBLISHED_VARIANT, variantFor } from './variantFor';

interface ConvertFlags extends OutputOptions {
  readonly modalities?: string;
  readonly variant?: string;
  readonly precision: string;
  readonly name?: string;
  readonly tokenizer?: string;
  readonly licence?: string;
  readonly calibration?: string;
  readonly untrained?: boolean;
  readonly force?: boolean;
}

const PRECISIONS: readonly Precision[] = ['fp32', 'fp16', 'int8'];

const EXAMPLES = `
Examples:
  sensebind models convert imagebind_huge.pth ./bundle --modalities audio,imu,depth,thermal,text
  sensebind models convert mine.pth ./bundle --variant mine.json --precision fp16
  sensebind models convert imagebind_huge.pth ./bundle --modalities audio,imu,text --precision int8

int8 needs room for the fp32 encoders beside the bundle until it is written: see "sensebind models quantize --help".

Without --variant, a JSON of the same name beside the checkpoint says what shapes cannot tell; without one, the
checkpoint is taken for ${PUBLISHED_VARIANT}. Interrupting is safe: nothing is left, and the same command starts again.`;

/** `sensebind models convert`: a checkpoint becomes a bundle. */
export function registerConvert(models: Command): void {
  models
    .command('convert')
    .description('turn a checkpoint into a bundle; nothing in the checkpoint is executed')
    .argument('<checkpoint>', 'PyTorch zip (.pth), safetensors, or an index of several')
    .argument('<folder>', 'where the bundle goes')
    .option(
      '--modalities <list>',
      'some of vision,text,audio,depth,thermal,imu; all that the checkpoint holds by default',
    )
    .option('--variant <name>', `${VARIANTS.map(({ name }) => name).join(', ')}, or a JSON file`)
    .option('--precision <precision>', `how weights are stored: ${PRECISIONS.join(', ')}`, 'fp32')
    .option('--name <name>', 'name of the bundle; the folder’s by default')
    .option('--tokenizer <file>', 'tokenizer.json of the text encoder; CLIP’s published one by default')
    .option('--licence <name>', 'licence of the weights, where it is not the published checkpoint')
    .option('--calibration <folder>', 'for int8: recordings of your sensors; generated inputs by default')
    .option('--untrained', 'the weights are random: say so wherever numbers are shown')
    .option('--force', 'replace a bundle that is already there')
    .option('--json', 'print the manifest as JSON')
    .addHelpText('after', EXAMPLES)
    .action((checkpoint: string, folder: string, flags: ConvertFlags) =>
      untilInterrupted((signal) => convert({ ...flags, checkpoint, folder, signal })),
    );
}

interface Conversion extends ConvertFlags {
  readonly checkpoint: string;
  readonly folder: string;
  readonly signal: AbortSignal;
}

async function convert(conversion: Conversion): Promise<void> {
  const { checkpoint: file, folder, json, signal, modalities } = conversion;
  const precision = precisionOf(conversion.precision);
  const variant = await variantFor(file, conversion.variant);
  const licence =
    variant.name === PUBLISHED_VARIANT ? IMAGEBIND_LICENCE : namedLicence(conversion.licence, path.basename(file));
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const progress = startProgress(json === undefined ? {} : { json });
  const checkpoint = await openCheckpoint(file);
  try {
    const options = {
      variant,
      ...(modalities === undefined ? {} : { modalities: modalities.split(',').map((name) => name.trim()) }),
      name: conversion.name ?? path.basename(path.resolve(folder)),
      trained: conversion.untrained !== true,
      licence,
      ...(conversion.tokenizer === undefined ? {} : { tokenizer: await readTokenizerFile(conversion.tokenizer) }),
      onProgress: progress.update,
      signal,
    };
    const output = { outputDirectory: folder, overwrite: conversion.force === true ? 'replace' : 'refuse' } as const;
    if (precision === 'int8') {
      // Loads the runtime and the simulated world.
      const { quantizedFrom } = await import('./convertInt8.js');
      const written = await quantizedFrom(checkpoint, { ...conversion, options, output, onConverted: progress.stop });
      if (json) return printJson({ folder: path.resolve(folder), seconds: seconds(), ...written });
      printLicence(written.manifest.licence);
      return reportQuantized(written, folder);
    }
    const manifest = await convertCheckpoint(checkpoint, { ...options, ...output, precision });
    progress.stop();
    if (json) printJson({ folder: path.resolve(folder), seconds: seconds(), manifest });
    else report(manifest, { folder, seconds: seconds() });
  } finally {
    progress.stop();
    await checkpoint.close();
  }
}

async function readTokenizerFile(file: string): Promise<TokenizerDefinition> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unreadable(file, error);
  });
  return parseTokenizer(text);
}

function precisionOf(text: string): Precision {
  const found = PRECISIONS.find((precision) => precision === text);
  if (found !== undefined) return found;
  throw new UsageError(`expected --precision ${PRECISIONS.join(', ')}, found ${text}`, 'Leave it out for fp32.');
}

function report(manifest: Manifest, { folder, seconds }: { readonly folder: string; readonly seconds: number }): void {
  printLicence(manifest.licence);
  printTable(
    ['encoder', 'parameters', 'size', 'precision', 'preset'],
    Object.entries(manifest.encoders).map(([modality, { parameters, model, weights, precision, preset }]) => [
      modality,
      parameters,
      formatBytes(model.bytes + (weights?.bytes ?? 0)),
      precision,
      preset,
    ]),
  );
  print(`space ${manifest.space}`);
  print(
    `written in ${seconds.toFixed(1)} s to ${path.resolve(folder)}; try: sensebind compare --text "a dog" "a cat" --bundle ${folder}`,
  );
}
