import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { unreadable } from '../../../devices/audio/readWav';
import { convertCheckpoint } from '../../../models/bundle/convert';
import { IMAGEBIND_LICENCE, namedLicence } from '../../../models/bundle/licences';
import type { Manifest, StoredPrecision } from '../../../models/bundle/manifest';
import { openCheckpoint } from '../../../models/checkpoint/checkpoint';
import { VARIANTS } from '../../../models/imagebind/variant';
import { parseTokenizer, type TokenizerDefinition } from '../../../models/text/tokenizerDefinition';
import { printLicence } from '../bundle';
import { untilInterrupted } from '../interrupt';
import { formatBytes, type OutputOptions, print, printJson, printTable, UsageError } from '../output';
import { startProgress } from '../progress';
import { PUBLISHED_VARIANT, variantFor } from './variantFor';

interface ConvertFlags extends OutputOptions {
  readonly modalities?: string;
  readonly variant?: string;
  readonly precision: string;
  readonly name?: string;
  readonly tokenizer?: string;
  readonly licence?: string;
  readonly untrained?: boolean;
  readonly force?: boolean;
}

const PRECISIONS: readonly StoredPrecision[] = ['fp32', 'fp16'];

const EXAMPLES = `
Examples:
  sensebind models convert imagebind_huge.pth ./bundle --modalities audio,imu,depth,thermal,text
  sensebind models convert mine.pth ./bundle --variant mine.json --precision fp16

Without --variant, a JSON of the same name beside the checkpoint says what shapes cannot tell; without one, the
checkpoint is taken for ${PUBLISHED_VARIANT}. Interrupting is safe: nothing is left, and the same command starts again.`;

/** `sensebind models convert`: a checkpoint becomes a bundle. */
export function registerConvert(models: Command): void {
  models
    .command('convert')
    .description('turn a PyTorch checkpoint into a bundle; nothing in the checkpoint is executed')
    .argument('<checkpoint>', 'PyTorch zip checkpoint (.pth)')
    .argument('<folder>', 'where the bundle goes')
    .option(
      '--modalities <list>',
      'some of vision,text,audio,depth,thermal,imu; all that the checkpoint holds by default',
    )
    .option('--variant <name>', `${VARIANTS.map(({ name }) => name).join(', ')}, or a JSON file`)
    .option('--precision <precision>', `how weights are stored: ${PRECISIONS.join(' or ')}`, 'fp32')
    .option('--name <name>', 'name of the bundle; the folder’s by default')
    .option('--tokenizer <file>', 'tokenizer.json of the text encoder; CLIP’s published one by default')
    .option('--licence <name>', 'licence of the weights, where it is not the published checkpoint')
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
  const progress = startProgress(json === undefined ? {} : { json });
  const checkpoint = await openCheckpoint(file);
  try {
    const manifest = await convertCheckpoint(checkpoint, {
      variant,
      ...(modalities === undefined ? {} : { modalities: modalities.split(',').map((name) => name.trim()) }),
      outputDirectory: folder,
      precision,
      name: conversion.name ?? path.basename(path.resolve(folder)),
      trained: conversion.untrained !== true,
      licence,
      ...(conversion.tokenizer === undefined ? {} : { tokenizer: await readTokenizerFile(conversion.tokenizer) }),
      overwrite: conversion.force === true ? 'replace' : 'refuse',
      onProgress: progress.update,
      signal,
    });
    progress.stop();
    if (json) printJson({ folder: path.resolve(folder), seconds: (performance.now() - started) / 1000, manifest });
    else report(manifest, { folder, seconds: (performance.now() - started) / 1000 });
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

function precisionOf(text: string): StoredPrecision {
  const found = PRECISIONS.find((precision) => precision === text);
  if (found !== undefined) return found;
  throw new UsageError(`expected --precision ${PRECISIONS.join(' or ')}, found ${text}`, 'Leave it out for fp32.');
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
