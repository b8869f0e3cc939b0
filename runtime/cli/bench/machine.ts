import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Clock, type Millis, sleep } from '../../clock';
import { readLine } from './sysfs';

/** What ran the figures. */
export interface Machine {
  /** The board, where it has a device tree: `NVIDIA Jetson Orin Nano Developer Kit`. */
  readonly board: string | null;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** `linux x64` */
  readonly platform: string;
  readonly node: string;
  readonly onnxruntime: string;
  /** Of what a processor can do for int8: `avx512_vnni`, `avx_vnni`, `asimddp`, `i8mm`. */
  readonly int8Instructions: readonly string[];
}

const INT8_INSTRUCTIONS: readonly string[] = ['avx_vnni', 'avx512_vnni', 'amx_int8', 'asimddp', 'i8mm'];

export async function describeMachine(proc = '/proc'): Promise<Machine> {
  const cpuinfo = await readFile(path.join(proc, 'cpuinfo'), 'utf8').catch(() => '');
  // Ends with a zero byte.
  const board = (await readLine(proc, 'device-tree', 'model'))?.replaceAll('\0', '') ?? null;
  return {
    board,
    processor: os.cpus()[0]?.model.trim() || 'unknown',
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    onnxruntime: onnxruntimeVersion(),
    int8Instructions: int8InstructionsOf(cpuinfo),
  };
}

/** Of the first processor that /proc/cpuinfo tells of: its line is called `flags` on x86, `Features` on ARM. */
export function int8InstructionsOf(cpuinfo: string): readonly string[] {
  const flags = new Set(/^(?:flags|Features)\s*:(?<flags>.*)$/m.exec(cpuinfo)?.groups?.['flags']?.split(/\s+/));
  return INT8_INSTRUCTIONS.filter((flag) => flags.has(flag));
}

function onnxruntimeVersion(): string {
  const { version } = require('onnxruntime-node/package.json') as { readonly version: string };
  return version;
}

/** Share of all cores that is busy in the next `duration`: what else the machine does. */
export async function busyShare(clock: Clock, duration: Millis, signal: AbortSignal): Promise<number> {
  const before = coreTimes();
  await sleep(clock, duration, signal);
  const after = coreTimes();
  const all = after.all - before.all;
  return all > 0 ? 1 - (after.idle - before.idle) / all : 0;
}

function coreTimes(): { readonly all: number; readonly idle: number } {
  const times = os.cpus().map((core) => core.times);
  const sum = (of: (time: (typeof times)[number]) => number): number =>
    times.reduce((total, time) => total + of(time), 0);
  return {
    all: sum(({ user, nice, sys, idle, irq }) => user + nice + sys + idle + irq),
    idle: sum(({ idle }) => idle),
  };
}
