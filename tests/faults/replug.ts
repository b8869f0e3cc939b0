import { getEventListeners } from 'node:events';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { witmotion } from '../../devices/imu/witmotionDevice';
import { witMotionPacket } from '../../devices/simulated/wire/witmotion';
import { type Millis, systemClock } from '../../runtime/clock';
import type { Driver } from '../../runtime/reading';
import { type SourceState, SupervisedSource } from '../../runtime/source';
import { deviceContext } from '../support/deviceContext';
import { type Pty, plugIn } from '../support/pty';

/** What unplugging and plugging in again, many times, did. */
export interface ReplugReport {
  readonly cycles: number;
  /** Longest time from the pulled cable to `offline`, and from the plugged-in one to `online`. */
  readonly offlineMillis: number;
  readonly onlineMillis: number;
  /** Growth from the first cycles, in which everything is loaded and compiled, to the last one. */
  readonly descriptors: number;
  readonly listeners: number;
  readonly heapBytes: number;
  readonly resources: number;
}

const OFFLINE_WITHIN_MILLIS = 2000;
const ONLINE_WITHIN_MILLIS = 5000;

/** What a cycle may cost in the long run: garbage that is not collected yet, not a port, a timer or a buffer. */
const HEAP_BYTES_A_CYCLE = 4096;
const HEAP_BYTES_ALLOWED = 2 ** 19;

/** Cycles before growth is measured. */
const WARM_UP = 2;

/** Resources that come and go while a port is read. */
const TRANSIENT = /^(?:Immediate|Timeout|FSReq)/;

/** How often a sample is sent. */
const PERIOD = 10 as Millis;

/**
 * Unplugs a serial device and plugs it in again under another path, with the same name in by-id, as a person does. Runs
 * a source of the runtime on it through serialport.
 */
export async function replug(cycles: number): Promise<ReplugReport> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-replug-'));
  const byId = path.join(folder, 'serial', 'by-id');
  await mkdir(byId, { recursive: true });
  const link = path.join(byId, 'usb-1a86_USB_Serial-if00-port0');
  const watched = watchedSource(link);
  let port = await feed(link);
  try {
    await watched.until('online');
    let before = await usage(watched.listeners);
    const offline: number[] = [];
    const online: number[] = [];
    for (let cycle = 0; cycle < cycles; cycle++) {
      if (cycle === WARM_UP) before = await usage(watched.listeners);
      // While the old port is still there the new one cannot get its number.
      const spare = `${link}.${cycle}`;
      const next = await feed(spare);
      offline.push(
        await timed(async () => {
          await port.unplug();
          await watched.until('offline');
        }),
      );
      await rm(link, { force: true });
      online.push(
        await timed(async () => {
          await rename(spare, link);
          await watched.until('online');
        }),
      );
      port = next;
    }
    const after = await usage(watched.listeners);
    return {
      cycles,
      offlineMillis: Math.max(...offline),
      onlineMillis: Math.max(...online),
      descriptors: after.descriptors - before.descriptors,
      listeners: after.listeners - before.listeners,
      heapBytes: after.heapBytes - before.heapBytes,
      resources: after.resources - before.resources,
    };
  } finally {
    await watched.close();
    await port.unplug();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What is wrong with a report, in words. */
export function replugProblems(report: ReplugReport): readonly string[] {
  const problems: string[] = [];
  if (report.offlineMillis > OFFLINE_WITHIN_MILLIS) problems.push(`offline after ${report.offlineMillis.toFixed()} ms`);
  if (report.onlineMillis > ONLINE_WITHIN_MILLIS) problems.push(`online after ${report.onlineMillis.toFixed()} ms`);
  if (report.descriptors > 0) problems.push(`${report.descriptors} more open files`);
  if (report.listeners > 0) problems.push(`${report.listeners} more listeners`);
  if (report.resources > 0) problems.push(`${report.resources} more active resources`);
  const allowed = HEAP_BYTES_ALLOWED + HEAP_BYTES_A_CYCLE * report.cycles;
  if (report.heapBytes > allowed) problems.push(`${report.heapBytes} more bytes of heap`);
  return problems;
}

/** A report in one line. */
export function describeReplug(report: ReplugReport): string {
  const { cycles, offlineMillis, onlineMillis, descriptors, listeners, heapBytes, resources } = report;
  return (
    `${cycles} times unplugged and plugged in: offline within ${offlineMillis.toFixed()} ms, online within ` +
    `${onlineMillis.toFixed()} ms; growth: ${descriptors} open files, ${listeners} listeners, ${resources} active ` +
    `resources, ${(heapBytes / 1024).toFixed()} KiB of heap`
  );
}

interface WatchedSource {
  /** Resolves when the source is in that state. */
  until(state: SourceState): Promise<void>;
  listeners(): number;
  close(): Promise<void>;
}

function watchedSource(link: string): WatchedSource {
  const driver = witmotion.open({ kind: 'witmotion', path: link }, deviceContext());
  let listeners = (): number => 0;
  const listening: Driver = {
    modality: driver.modality,
    run: (sink, signal) => {
      listeners = () => getEventListeners(signal, 'abort').length;
      return driver.run(sink, signal);
    },
  };
  const source = new SupervisedSource('imu0', listening, { clock: systemClock });
  const waiting = new Set<() => void>();
  source.start({
    reading: () => undefined,
    lost: () => undefined,
    interrupted: () => undefined,
    ended: () => undefined,
    status: () => {
      for (const look of waiting) look();
    },
  });
  return {
    listeners: () => listeners(),
    close: () => source.close(),
    until: (state) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (source.status.state !== state) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

/** Plugs a sensor in that sends samples until it is unplugged. */
export async function feed(link: string): Promise<Pty> {
  const pty = await plugIn(link);
  let isUnplugged = false;
  let sample = 0;
  const send = (): void => {
    if (isUnplugged) return;
    sample++;
    const packets = [witMotionPacket(0x51, [sample % 100, 0, 2048, 2500]), witMotionPacket(0x52, [0, 0, 0, 2500])];
    void pty.write(Buffer.concat(packets));
    systemClock.setTimer(PERIOD, send);
  };
  send();
  return {
    ...pty,
    unplug: () => {
      isUnplugged = true;
      return pty.unplug();
    },
  };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function usage(listeners: () => number) {
  collectGarbage();
  // What is closed in the background gets its turn.
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  collectGarbage();
  return {
    descriptors: (await readdir('/proc/self/fd')).length,
    listeners: listeners(),
    heapBytes: process.memoryUsage().heapUsed,
    resources: process.getActiveResourcesInfo().filter((name) => !TRANSIENT.test(name)).length,
  };
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}
