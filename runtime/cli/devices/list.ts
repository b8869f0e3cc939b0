import type { Command } from 'commander';
import { stringify } from 'yaml';
import { deviceDeclarations } from '../../../devices/catalogue';
import type { DeviceDeclaration, FoundDevice } from '../../../devices/device';
import { machinePorts, type Ports } from '../../../devices/ports/ports';
import { simulatedDevices } from '../../../devices/simulated/devices';
import { systemClock } from '../../clock';
import { type OutputOptions, print, printJson } from '../output';

/** `sensebind devices list`: what is plugged in, and the lines of a configuration that use it. */
export function registerList(devices: Command): void {
  devices
    .command('list')
    .description('find devices that are plugged in, and print the lines of a configuration that use them')
    .option('--json', 'print one JSON document')
    .action(list);
}

const NOTHING_FOUND = `No device was found. sensebind doctor says whether something is missing on this machine.

Simulated devices need nothing: ${simulatedDevices.map(({ kind }) => kind).join(', ')}.
  Look at one:             sensebind devices watch '{ kind: simulated-camera }'
  In a configuration:      camera0: { device: { kind: simulated-camera } }`;

/** A device, and what a configuration would call it. */
export interface Listed extends FoundDevice {
  readonly source: string;
  readonly modality: string;
  readonly title: string;
}

async function list({ json }: OutputOptions): Promise<void> {
  const found = await discoverAll(machinePorts(systemClock), deviceDeclarations);
  if (json) return printJson({ devices: found });
  if (found.length === 0) {
    print(NOTHING_FOUND);
    return;
  }
  const certain = found.filter(({ certainty }) => certainty === 'certain');
  const possible = found.filter(({ certainty }) => certainty === 'possible');
  if (certain.length > 0) {
    print('Found. Put what you want to use into a configuration:\n');
    print(configurationLines(certain));
  }
  if (possible.length > 0) {
    print(`${certain.length > 0 ? '\n' : ''}Found a port; what is on it, only you know. One of these may fit:\n`);
    print(configurationLines(possible));
  }
  print("\nLook at one of them: sensebind devices watch '{ kind: …, … }'");
}

/**
 * Asks every kind of device what it finds. What one is certain of, such as a thermal camera by its USB id, is not offered
 * again by another that only knows that there is a video node.
 */
export async function discoverAll(
  ports: Ports,
  declarations: readonly DeviceDeclaration[],
): Promise<readonly Listed[]> {
  const found = await Promise.all(
    declarations.map(async (declaration) => {
      const devices = (await declaration.discover?.(ports)) ?? [];
      return devices.map((device) => ({ ...device, modality: declaration.modality, title: declaration.title }));
    }),
  );
  const certain = found.flat().filter(({ certainty }) => certainty === 'certain');
  const known = new Set(certain.map(({ options }) => options['device']).filter((device) => device !== undefined));
  const wanted = found
    .flat()
    .filter(({ certainty, options }) => certainty === 'certain' || !known.has(options['device'] ?? ''));
  const counts = new Map<string, number>();
  return wanted.map((device) => {
    const prefix = PREFIXES[device.modality] ?? device.modality;
    const number = counts.get(prefix) ?? 0;
    counts.set(prefix, number + 1);
    return { ...device, source: `${prefix}${number}` };
  });
}

/** How people call sources, where the modality is not the word for it. */
const PREFIXES: Readonly<Record<string, string>> = { audio: 'mic', vision: 'camera' };

/** Sources for the configuration, each with a comment that says what it is. */
function configurationLines(devices: readonly Listed[]): string {
  const lines = devices.map(({ source, name, title, options }) => {
    const device = stringify(options, { collectionStyle: 'flow', lineWidth: 0 }).trim();
    return `  # ${title}: ${name}\n  ${source}: { device: ${device} }`;
  });
  return `sources:\n${lines.join('\n')}`;
}
