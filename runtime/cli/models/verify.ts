import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { type Bundle, openBundle } from '../../../models/bundle/bundle';
import { convertCheckpoint } from '../../../models/bundle/convert';
import { namedLicence } from '../../../models/bundle/licences';
import { openCheckpoint } from '../../../models/checkpoint/checkpoint';
import { modalitiesOf } from '../../../models/imagebind/encoder';
import { readVariant } from '../../../models/imagebind/variant';
import { Engine } from '../../inference/engine';
import type { Modality } from '../../reading';
import { untilInterrupted } from '../interrupt';
import { NegativeResult, type OutputOptions, print, printJson, printTable } from '../output';
import { startProgress } from '../progress';
import { type GoldenFolder, readGoldenFolder } from '../verify/goldenFolder';
import { type CaseResult, runCase } from '../verify/runCase';

interface VerifyFlags extends OutputOptions {
  readonly golden: string;
}

/** `sensebind models verify`: our numbers against those of the PyTorch reference. */
export function registerVerify(models: Command): void {
  models
    .command('verify')
    .description('compare every step with golden data of the PyTorch reference; exit code 1 above tolerance')
    .requiredOption('--golden <folder>', 'folder with one .pth, golden.json and its arrays and pictures')
    .option('--json', 'print JSON')
    .action((flags: VerifyFlags) => untilInterrupted((signal) => verify({ ...flags, signal })));
}

async function verify({ golden, json, signal }: VerifyFlags & { readonly signal: AbortSignal }): Promise<void> {
  const folder = await readGoldenFolder(golden);
  const scratch = await mkdtemp(path.join(tmpdir(), 'sensebind-verify-'));
  const engines = new Map<string, Promise<Engine>>();
  try {
    const bundle = await convert(folder, { scratch, json: json === true, signal });
    const engineFor = (modality?: Modality, preset?: string): Promise<Engine> => {
      const key = modality === undefined || preset === undefined ? '' : `${modality}/${preset}`;
      const known = engines.get(key);
      if (known !== undefined) return known;
      const opened = Engine.open(
        bundle,
        modality === undefined || preset === undefined ? {} : { presets: { [modality]: preset } },
      );
      engines.set(key, opened);
      return opened;
    };
    const results: CaseResult[] = [];
    for (const golden of folder.cases) {
      signal.throwIfAborted();
      results.push(await runCase(golden, { directory: folder.directory, engineFor }));
    }
    report(results, { json: json === true });
  } finally {
    for (const opening of await Promise.allSettled(engines.values())) {
      if (opening.status === 'fulfilled') await opening.value.close();
    }
    await rm(scratch, { recursive: true, force: true });
  }
}

async function convert(
  folder: GoldenFolder,
  { scratch, json, signal }: { readonly scratch: string; readonly json: boolean; readonly signal: AbortSignal },
): Promise<Bundle> {
  const outputDirectory = path.join(scratch, 'bundle');
  const progress = startProgress({ json });
  const checkpoint = await openCheckpoint(folder.checkpoint);
  try {
    const variant = await readVariant(folder.description);
    await convertCheckpoint(checkpoint, {
      variant,
      // Of an encoder without heads in golden.json, only its own cases cannot be run.
      modalities: modalitiesOf(checkpoint).filter((modality) => variant.encoders[modality] !== undefined),
      outputDirectory,
      precision: 'fp32',
      name: 'verify',
      trained: false,
      licence: namedLicence(undefined, folder.checkpoint),
      onProgress: progress.update,
      signal,
    });
  } finally {
    progress.stop();
    await checkpoint.close();
  }
  return openBundle(outputDirectory, { stateDirectory: path.join(scratch, 'state') });
}

function report(results: readonly CaseResult[], { json }: { readonly json: boolean }): void {
  const failed = results.filter(({ ok }) => !ok);
  if (json) printJson({ ok: failed.length === 0, cases: results });
  else {
    printTable(['', 'case', 'largest deviation', 'tolerance', 'cosine'], results.map(row));
    for (const { name, problem } of failed) if (problem !== undefined) print(`${name}: ${problem}`);
    print(
      failed.length === 0
        ? `all ${results.length} cases agree`
        : `${failed.length} of ${results.length} cases do not agree`,
    );
  }
  if (failed.length > 0) throw new NegativeResult(`${failed.length} cases above tolerance`);
}

function row({ ok, name, deviation, tolerance, cosine }: CaseResult): readonly string[] {
  return [
    ok ? 'ok' : 'FAIL',
    name,
    deviation?.toExponential(2) ?? '-',
    String(tolerance ?? '-'),
    cosine?.toFixed(7) ?? '',
  ];
}
