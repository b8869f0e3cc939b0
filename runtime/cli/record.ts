import path from 'node:path';
import type { Command } from 'commander';
import { deviceDeclarations } from '../../devices/catalogue';
import { Recorder, type RecorderStats } from '../../devices/recording/recorder';
import { systemClock } from '../clock';
import { readSourcesConfig } from '../config/readConfig';
import { packageVersion } from '../packageVersion';
import { parseByteSize } from './byteSize';
import { untilInterrupted } from './interrupt';
import { formatBytes, type OutputOptions, print, printJson, printNote, UsageError } from './output';
import { recordSources } from './recordSources';
import { parseRunTime } from './runTime';

interface RecordFlags extends OutputOptions {
  readonly out: string;
  readonly for?: string;
  readonly maxBytes: string;
}

const EXAMPLE = `
Example:
  sensebind record config.yaml --out ./recording --for 60s
  sensebind replay ./recording --info

The files are MCAP, in the messages that Foxglove shows. When the limit is reached, the oldest file is removed.`;

/** `sensebind record`: what the sources of a configuration read, into files. */
export function registerRecord(program: Command): void {
  program
    .command('record')
    .description('record the sources of a configuration')
    .argument('<config>', 'configuration file (YAML), as for run; the bundle and the broker may be left out')
    .requiredOption(
      '--out <folder>',
      'where the recording goes; what is recorded there already stays, within the limit',
    )
    .option('--for <duration>', 'stop by itself after this long, such as 60s')
    .option('--max-bytes <size>', 'most that the folder may hold', '10GB')
    .option('--json', 'print one JSON document at the end')
    .addHelpText('after', EXAMPLE)
    .action((file: string, flags: RecordFlags) => untilInterrupted((signal) => record(file, { ...flags, signal })));
}

/** A file is at most this large, and at most an eighth of all: then there is always something to remove. */
const SEGMENT_BYTES = 2 ** 28;
const SEGMENT_MICROS = 600e6;
const SEGMENTS_AT_LEAST = 8;
const SMALLEST_TOTAL_BYTES = 1e6;

async function record(file: string, flags: RecordFlags & { readonly signal: AbortSignal }): Promise<void> {
  const runTime = parseRunTime(flags.for);
  const totalBytes = parseByteSize('--max-bytes', flags.maxBytes);
  if (totalBytes < SMALLEST_TOTAL_BYTES)
    throw new UsageError(`expected --max-bytes with at least 1MB, found ${flags.maxBytes}`, 'Write more, such as 1GB.');
  const config = await readSourcesConfig(file, deviceDeclarations);
  const { node, sources } = config;
  const recorder = await Recorder.create({
    folder: path.resolve(flags.out),
    clock: systemClock,
    limits: {
      segmentBytes: Math.min(SEGMENT_BYTES, totalBytes / SEGMENTS_AT_LEAST),
      segmentMicros: SEGMENT_MICROS,
      totalBytes,
    },
    configuration: withoutSecrets(JSON.stringify({ node, sources }, null, 2)),
    library: `sensebind ${packageVersion()}`,
  });
  try {
    await recordSources({
      config,
      recorder,
      clock: systemClock,
      runTime,
      signal: flags.signal,
      onStatus: (source, { state, reason }) =>
        printNote(`${source}: ${state}${reason === undefined ? '' : `, ${reason}`}`),
      onProgress: flags.json ? () => undefined : showProgress,
    });
  } finally {
    await recorder.close();
    if (!flags.json && process.stderr.isTTY) printNote('');
  }
  if (recorder.status.state === 'stopped') throw recorder.status.error;
  if (flags.json) printJson({ folder: path.resolve(flags.out), ...recorder.stats });
  else print(summary(recorder.stats));
}

/** User names and passwords in addresses of cameras. */
function withoutSecrets(text: string): string {
  return text.replace(/:\/\/[^@/"\s]*@/g, '://');
}

function showProgress(stats: RecorderStats): void {
  const line = summary(stats);
  if (process.stderr.isTTY) process.stderr.write(`\r${line.padEnd(78)}`);
}

function summary({ messages, bytes, segments, removedSegments, ...drops }: RecorderStats): string {
  const dropped = Object.entries(drops).filter(([, count]) => count > 0);
  return [
    `${messages} messages, ${formatBytes(bytes)} in ${segments} ${segments === 1 ? 'file' : 'files'}`,
    ...(removedSegments > 0 ? [`${removedSegments} removed`] : []),
    ...dropped.map(([reason, count]) => `${count} dropped (${reason})`),
  ].join(', ');
}
