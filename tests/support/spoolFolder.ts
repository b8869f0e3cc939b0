import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Outbox, type OutboxOptions } from '../../runtime/mqtt/sender/outbox';
import { Spool, type SpoolEvent, type SpoolOptions, type SpoolPriority } from '../../runtime/mqtt/spool/spool';
import { ManualClock } from './manualClock';

/** A spool whose clock stands still: it writes when `flush` is called, or 256 messages wait. */
export async function openSpool(
  folder: string,
  options: Partial<SpoolOptions> = {},
): Promise<{ readonly spool: Spool; readonly events: readonly SpoolEvent[]; readonly fresh: readonly string[] }> {
  const events: SpoolEvent[] = [];
  const onEvent = (event: SpoolEvent): void => {
    events.push(event);
  };
  const { spool, fresh } = await Spool.open({ folder, clock: new ManualClock(), onEvent, ...options });
  return { spool, events, fresh: fresh.map(({ record }) => record.body.toString()) };
}

/** An outbox in a folder of its own, closed after the test. */
export async function openOutbox(
  context: { after(cleanUp: () => Promise<void>): void },
  options: Partial<OutboxOptions> = {},
): Promise<Outbox> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-outbox-'));
  const outbox = await Outbox.open({ folder, clock: new ManualClock(), ...options });
  context.after(async () => {
    await outbox.close();
    await rm(folder, { recursive: true, force: true });
  });
  return outbox;
}

export function append(spool: Spool, text: string, priority: SpoolPriority = 'normal'): void {
  spool.append(priority, { kind: 1, lifeSeconds: 0, body: Buffer.from(text) });
}

/** All that is left of a priority, from where the reader stands. */
export async function readAll(spool: Spool, priority: SpoolPriority = 'normal'): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const batch = await spool.read(priority, spool.next(priority));
    if (batch.length === 0) return texts;
    texts.push(...batch.map(({ record }) => record.body.toString()));
  }
}

/** The segments of a priority, oldest first. */
export async function segmentFiles(folder: string, priority: SpoolPriority = 'normal'): Promise<string[]> {
  const names = await readdir(path.join(folder, priority));
  return names
    .filter((name) => name.endsWith('.spool'))
    .sort()
    .map((name) => path.join(folder, priority, name));
}

/** Changes a byte of a file, counted over its length. */
export async function flipByte(file: string, position: number): Promise<void> {
  const bytes = await readFile(file);
  const at = position % bytes.length;
  bytes[at] = (bytes[at] ?? 0) ^ 0x55;
  await writeFile(file, bytes);
}

export async function sizeOf(file: string): Promise<number> {
  return (await stat(file)).size;
}
