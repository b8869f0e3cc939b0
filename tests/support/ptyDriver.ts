import path from 'node:path';
import type { TestContext } from 'node:test';
import type { DeviceDeclaration } from '../../devices/device';
import { serialOpener } from '../../devices/ports/serial';
import { systemClock } from '../../runtime/clock';
import type { Loss, Reading, ReadingSink } from '../../runtime/reading';
import { deviceContext } from './deviceContext';
import { type Pty, plugIn } from './pty';
import { temporaryFolder } from './temporaryFolder';

/** A driver on a serial port of the kernel, opened through serialport. */
export interface PtyDriver {
  readonly pty: Pty;
  /** All readings so far; frames are held. */
  readonly readings: readonly Reading[];
  readonly losses: Readonly<Partial<Record<Loss, number>>>;
  /** Resolves with the first reading for which `wanted` says so. */
  until(wanted: (reading: Reading) => boolean): Promise<Reading>;
  /** Ends the driver. */
  stop(): Promise<void>;
}

/** Plugs a port in and runs a device's driver on it until the test ends. Resolves once the driver has opened it. */
export async function driverOnPty(
  context: TestContext,
  declaration: DeviceDeclaration,
  options: Readonly<Record<string, unknown>> = {},
): Promise<PtyDriver> {
  const link = path.join(await temporaryFolder(context), 'device');
  const pty = await plugIn(link);
  let isOpened: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    isOpened = resolve;
  });
  const serial = serialOpener(systemClock);
  const driver = declaration.open(
    { kind: declaration.kind, path: link, ...options },
    deviceContext({
      ports: {
        serial: (address) => (handlers) => {
          const stream = serial(address)(handlers);
          // Nothing is written, but not before the port is open.
          void stream.write(new Uint8Array()).then(isOpened);
          return stream;
        },
      },
    }),
  );
  const readings: Reading[] = [];
  const losses: Partial<Record<Loss, number>> = {};
  const waiting = new Set<(reading: Reading) => void>();
  const sink: ReadingSink = {
    reading: (reading) => {
      if ('frame' in reading) reading.frame.retain();
      readings.push(reading);
      for (const take of waiting) take(reading);
    },
    lost: (reason, amount) => {
      losses[reason] = (losses[reason] ?? 0) + amount;
    },
  };
  const ending = new AbortController();
  const run = driver.run(sink, ending.signal);
  const failed = run.then(() => new Promise<never>(() => undefined));
  failed.catch(() => undefined);
  const stop = async (): Promise<void> => {
    ending.abort();
    await run.catch(() => undefined);
    await pty.unplug();
  };
  context.after(stop);
  await Promise.race([opened, failed]);
  return {
    pty,
    readings,
    losses,
    stop,
    until: (wanted) =>
      Promise.race([
        failed,
        new Promise<Reading>((resolve) => {
          const take = (reading: Reading): void => {
            if (!wanted(reading)) return;
            waiting.delete(take);
            resolve(reading);
          };
          waiting.add(take);
        }),
      ]),
  };
}
