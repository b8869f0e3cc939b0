import type { Command } from 'commander';
import { deviceDeclarations } from '../../devices/catalogue';
import { systemClock } from '../clock';
import { redacted } from '../commands/verbs/node';
import type { Config } from '../config/config';
import { readConfig } from '../config/readConfig';
import { checkSources } from './checkSources';
import { eventLog } from './eventLog';
import { untilInterrupted } from './interrupt';
import { type OutputOptions, print, printJson } from './output';
import { runConfig } from './runConfig';
import { parseRunTime } from './runTime';
import { HangUps } from './service/hangUps';
import { prepareService, serve } from './service/service';
import { serviceLog } from './service/serviceLog';

interface RunFlags extends OutputOptions {
  readonly check?: boolean;
  readonly for?: string;
}

const EXAMPLE = `
Example of a configuration:
  version: 1
  node: cupboard
  bundle: ./bundle
  broker: { url: mqtt://localhost:1883 }
  sources:
    mic0: { device: { kind: arecord }, window: 2s, hop: 1s, labels: [house] }
    heat0: { device: { kind: simulated-thermal }, labels: [house] }
  labels:
    house: { labels: [{ id: glass_breaking }, { id: dog_barking }], background: [silence] }
  fusion:
    room: { sources: { mic0: 1, heat0: 1 }, labels: [house] }
  rules:
    burglar: { when: { label: glass_breaking, of: room }, coolDown: 1min, severity: alarm }
    fire: { when: { measure: maximum_celsius, of: heat0, above: 70, until: 60 }, minimumOn: 2s }`;

/** `sensebind run`: sources → labels → MQTT, from a configuration, until it is told to stop. */
export function registerRun(program: Command): void {
  program
    .command('run')
    .description('publish what the sources of a configuration sense, over MQTT')
    .argument('<config>', 'configuration file (YAML)')
    .option('--check', 'only check the configuration, and that its sources can run')
    .option('--for <duration>', 'stop by itself after this long, such as 20s')
    .option('--json', 'log one JSON object a line')
    .addHelpText('after', EXAMPLE)
    .action((file: string, flags: RunFlags) => untilInterrupted((signal) => run(file, { ...flags, signal })));
}

async function run(file: string, flags: RunFlags & { readonly signal: AbortSignal }): Promise<void> {
  const hangUps = new HangUps();
  try {
    const config = await readConfig(file, deviceDeclarations);
    if (flags.check) await check(file, config, flags);
    else await serveConfig(file, config, { ...flags, hangUps });
  } finally {
    hangUps.close();
  }
}

async function check(file: string, config: Config, { json }: OutputOptions): Promise<void> {
  await checkSources(config);
  if (json) printJson({ ok: true, config: redacted(config) });
  else print(`${file}: no problem found`);
}

async function serveConfig(
  file: string,
  config: Config,
  flags: RunFlags & { readonly signal: AbortSignal; readonly hangUps: HangUps },
): Promise<void> {
  const how = { json: flags.json === true, clock: systemClock };
  const log = serviceLog(how);
  const parts = await prepareService(config, flags.hangUps);
  await runConfig(config, {
    clock: systemClock,
    log: eventLog(how),
    runTime: parseRunTime(flags.for),
    signal: flags.signal,
    note: (text) => log({ kind: 'note', text }),
    attach: (node) => serve(node, { file, config, clock: systemClock, log }, parts),
  });
}
