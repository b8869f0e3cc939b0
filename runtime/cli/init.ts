import { access } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { deviceDeclarations } from '../../devices/catalogue';
import { machinePorts, type Ports } from '../../devices/ports/ports';
import { simulatedDevices } from '../../devices/simulated/devices';
import { systemClock } from '../clock';
import { parseConfig } from '../config/readConfig';
import { SensebindError } from '../errors';
import { writeWholeFile } from '../wholeFile';
import { discoverAll } from './devices/list';
import { configText, type PlannedSource } from './init/configText';
import { type OutputOptions, print, printJson } from './output';

interface InitFlags extends OutputOptions {
  readonly node?: string;
  readonly broker: string;
  readonly bundle: string;
  readonly simulated?: boolean;
  readonly force?: boolean;
}

/** `sensebind init`: a configuration of what is plugged in, with words for every part. */
export function registerInit(program: Command): void {
  program
    .command('init')
    .description('write a configuration of the sensors that are plugged in, with a comment for every part')
    .argument('[config]', 'file to write', 'config.yaml')
    .option('--node <id>', 'name of this box (default: its host name)')
    .option('--broker <url>', 'address of the MQTT broker', 'mqtt://localhost:1883')
    .option('--bundle <folder>', 'model to use', 'mini')
    .option('--simulated', 'use simulated sensors, whatever is plugged in')
    .option('--force', 'write over a file that is there')
    .option('--json', 'print one JSON document')
    .action((file: string, flags: InitFlags) => init(file, flags));
}

/** Things that the simulated world and the shipped model know, and any other model as well. */
const LABELS = ['glass_break', 'alarm', 'fire', 'water_leak', 'dog_barking', 'person_walking'];

async function init(file: string, flags: InitFlags): Promise<void> {
  if (flags.force !== true) await requireAbsent(file);
  const found = flags.simulated === true ? [] : await pluggedIn(machinePorts(systemClock));
  const sources = found.some(({ isGuess }) => !isGuess) ? found : [...simulated(), ...found];
  const node = flags.node ?? nodeIdOf(os.hostname());
  const text = configText({ node, bundle: flags.bundle, brokerUrl: flags.broker, sources, labels: LABELS });
  // A wrong --node or --broker is told before anything is written.
  parseConfig(text, { file, devices: deviceDeclarations });
  await writeWholeFile(path.resolve(file), text);
  const used = sources.filter(({ isGuess }) => !isGuess).map(({ id, title }) => ({ id, title }));
  if (flags.json) return printJson({ file: path.resolve(file), node, sources: used });
  print(`Wrote ${file}, for the node ${node} with ${used.map(({ id }) => id).join(', ')}.`);
  if (!found.some(({ isGuess }) => !isGuess)) {
    print(
      flags.simulated
        ? 'Its sensors are simulated.'
        : 'No sensor was found, so these are simulated; sensebind doctor says whether something is missing on this machine.',
    );
  }
  print(`\nRead it, change what you want, then: sensebind run ${file} --check`);
}

/** @throws {SensebindError} `OUTPUT_EXISTS` */
async function requireAbsent(file: string): Promise<void> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  throw new SensebindError(
    'OUTPUT_EXISTS',
    `expected no file at ${file}, found one`,
    'choose another name, or add --force to write over it',
  );
}

async function pluggedIn(ports: Ports): Promise<readonly PlannedSource[]> {
  const devices = await discoverAll(ports, deviceDeclarations);
  return devices.map(({ source, modality, title, name, options, certainty }) => ({
    id: source,
    modality,
    title: `${title}: ${name}`,
    options,
    isGuess: certainty === 'possible',
  }));
}

/** One of each kind that the shipped model has an encoder for. */
function simulated(): readonly PlannedSource[] {
  return simulatedDevices
    .filter(({ modality }) => modality !== 'radar')
    .map(({ kind, modality, title }) => ({
      id: `${kind.replace('simulated-', '')}_sim`,
      modality,
      title,
      options: { kind },
      isGuess: false,
    }));
}

/** A host name as an id: letters a to z, digits, - and _. */
export function nodeIdOf(hostName: string): string {
  const id = (hostName.split('.')[0] ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 64);
  return id === '' ? 'box' : id;
}
