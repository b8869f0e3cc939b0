import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type OpenOutput, openOutput } from '../../../devices/recording/outputFile';
import type { RecordingItem, RecordingLimits, WriterStats } from '../../../devices/recording/recordingItem';
import { RecordingWriter } from '../../../devices/recording/recordingWriter';
import type { Reading } from '../../../runtime/reading';

export const START_MICROS = 1_700_000_000_000_000;
/** Wall time minus monotonic time of the recordings that tests make. */
export const OFFSET_MICROS = 1_600_000_000_000_000;

export const WIDE_LIMITS: RecordingLimits = { segmentBytes: 2 ** 30, segmentMicros: 3600e6, totalBytes: 2 ** 31 };

/** A reading as an item of a recording. */
export function itemOf(reading: Reading): RecordingItem {
  if (!('frame' in reading)) return { kind: 'reading', reading };
  const { frame: _frame, ...rest } = reading;
  return { kind: 'reading', reading: rest };
}

export interface WriteOptions {
  readonly limits?: RecordingLimits;
  readonly session?: string;
  readonly open?: OpenOutput;
  /** A chunk is written after so many items. */
  readonly flushEvery?: number;
  readonly stepMicros?: number;
  /** Leaves the last file as a loss of power would. */
  readonly isAbandoned?: boolean;
}

/** Records items in a folder, without a thread. */
export function writeRecording(
  folder: string,
  items: readonly RecordingItem[],
  options: WriteOptions = {},
): WriterStats {
  const writer = new RecordingWriter(
    {
      folder,
      limits: options.limits ?? WIDE_LIMITS,
      session: options.session ?? 'session0',
      epochMinusMonotonicMicros: OFFSET_MICROS,
      library: 'sensebind test',
      configuration: '{"node":"test"}',
    },
    options.open ?? openOutput,
  );
  for (const [index, item] of items.entries()) {
    writer.write(item, START_MICROS + index * (options.stepMicros ?? 1000));
    if (options.flushEvery !== undefined && (index + 1) % options.flushEvery === 0) writer.flush();
  }
  if (options.isAbandoned) writer.abandon();
  else writer.close();
  return writer.stats;
}

/** The bytes of a recording of one segment. */
export function segmentBytes(folder: string): Promise<Buffer> {
  return readFile(path.join(folder, 'segment-000001.mcap'));
}
