import { rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Spool, type SpoolEvent } from '../../runtime/mqtt/spool/spool';
import { withCleanUp } from '../support/cleanUp';
import { ManualClock } from '../support/manualClock';
import { smallDisk } from '../support/smallDisk';
import { append, readAll } from '../support/spoolFolder';

export interface DiskFullReport {
  /** Events put into the spool: before, while the disk was full, and after. */
  readonly spooled: number;
  readonly told: readonly string[];
  readonly missing: number;
  readonly doubled: number;
}

const DISK_BYTES = 2 ** 24;
const ROUND = 2000;
const text = (index: number): string => `${index} ${'x'.repeat(400)}`;

/** Fills a file system of 16 MiB under a spool, in the middle of a record as it happens, and frees it again. */
export async function diskFull(): Promise<DiskFullReport> {
  return withCleanUp(async (context) => {
    const folder = await smallDisk(context, DISK_BYTES);
    const events: SpoolEvent[] = [];
    const { spool } = await Spool.open({
      folder: path.join(folder, 'spool'),
      clock: new ManualClock(),
      onEvent: (event) => events.push(event),
    });
    let count = 0;
    const round = (): void => {
      for (let index = 0; index < ROUND; index++) append(spool, text(count++));
    };
    round();
    await spool.flush();
    const ballast = path.join(folder, 'ballast');
    const { bavail, bsize } = await statfs(folder);
    await writeFile(ballast, Buffer.alloc(bavail * bsize - 100_000));
    round();
    await spool.flush().catch(() => undefined);
    round();
    await spool.flush().catch(() => undefined);
    await rm(ballast);
    round();
    await spool.flush();
    const found = await readAll(spool);
    await spool.close();
    const numbers = found.map((body) => Number(body.split(' ')[0]));
    return {
      spooled: count,
      told: events.map((event) => (event.kind === 'failed' ? event.error.code : event.kind)),
      missing: count - new Set(numbers).size,
      doubled: numbers.length - new Set(numbers).size,
    };
  });
}

/** What is wrong with a report, in words. */
export function diskFullProblems({ told, missing, doubled }: DiskFullReport): readonly string[] {
  const problems: string[] = [];
  if (told.join() !== 'DISK_FULL,recovered') problems.push(`told: ${told.join()}`);
  if (missing > 0) problems.push(`${missing} missing`);
  if (doubled > 0) problems.push(`${doubled} doubled`);
  return problems;
}

/** A report in one line. */
export function describeDiskFull({ spooled, told, missing, doubled }: DiskFullReport): string {
  return `disk full in between: ${spooled} spooled, ${missing} missing, ${doubled} doubled; told ${told.join(', ')}`;
}
