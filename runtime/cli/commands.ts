import type { Command } from 'commander';
import { keepMemorySmall } from './service/smallMemory';

type Register = (program: Command) => void;

/**
 * The commands of `sensebind`, in the order of its help, each with what registers it. They are loaded when they are
 * needed: a node that runs for years must not hold what converts checkpoints and trains sensors, some 50 MB.
 */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  demo: async () => {
    keepMemorySmall();
    return (await import('./demo.js')).registerDemo;
  },
  init: async () => (await import('./init.js')).registerInit,
  run: async () => {
    keepMemorySmall();
    return (await import('./run.js')).registerRun;
  },
  watch: async () => (await import('./watch.js')).registerWatch,
  devices: async () => (await import('./devices.js')).registerDevices,
  doctor: async () => (await import('./doctor.js')).registerDoctor,
  simulate: async () => (await import('./simulate.js')).registerSimulate,
  record: async () => (await import('./record.js')).registerRecord,
  replay: async () => (await import('./replay.js')).registerReplay,
  embed: async () => (await import('./embed.js')).registerEmbed,
  compare: async () => (await import('./compare.js')).registerCompare,
  bind: async () => (await import('./bind.js')).registerBind,
  eval: async () => (await import('./eval.js')).registerEval,
  bench: async () => (await import('./bench.js')).registerBench,
  models: async () => (await import('./models.js')).registerModels,
};

/** Who wants to mute a microphone is in a hurry: without `devices` in front, and left out of the list. */
const HIDDEN: Readonly<Record<string, () => Promise<Register>>> = {
  mute: async () => {
    const { registerMute } = await import('./devices/mute.js');
    return (program) => registerMute(program, { hidden: true });
  },
};

/** Registers the command that is named; all of them for help, and where none of them is named. */
export async function registerCommands(program: Command, name: string | undefined): Promise<void> {
  const one = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  const loads = one === undefined ? [...Object.values(COMMANDS), ...Object.values(HIDDEN)] : [one];
  for (const load of loads) (await load())(program);
}
