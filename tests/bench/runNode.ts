import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { keepReadings } from './loopedReadings';
import { runProgram } from './runProgram';

/** Runs a node of programs/ with a state folder and readings of its own; resolves to what it prints. */
export async function runNode(
  program: string,
  options: {
    readonly folder: string;
    readonly flags: readonly string[];
    readonly args: readonly string[];
    readonly seconds: number;
  },
): Promise<string> {
  const { folder, flags, args, seconds } = options;
  const stateHome = await mkdtemp(path.join(folder, 'node-'));
  try {
    const readings = path.join(stateHome, 'readings');
    await keepReadings(readings);
    return await runProgram(program, {
      flags,
      args: [...args, readings, String(seconds)],
      environment: { XDG_STATE_HOME: stateHome },
    });
  } finally {
    await rm(stateHome, { recursive: true, force: true });
  }
}
