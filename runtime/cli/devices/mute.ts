import type { Command } from 'commander';
import { deviceDeclarations } from '../../../devices/catalogue';
import { systemClock } from '../../clock';
import { readSourcesConfig } from '../../config/readConfig';
import { SwitchedOff } from '../../switchedOff';
import { nodeState } from '../nodeState';
import { type OutputOptions, print, printJson, UsageError } from '../output';

interface MuteFlags extends OutputOptions {
  readonly config: string;
}

/**
 * `sensebind devices mute` and `unmute`: a node that runs follows within a second, and remembers it over a restart.
 *
 * @param options.hidden - Left out of the list of commands.
 */
export function registerMute(parent: Command, options: { readonly hidden?: boolean } = {}): void {
  for (const { name, muted, description } of [
    { name: 'mute', muted: true, description: 'close a source and keep it closed, also over a restart' },
    { name: 'unmute', muted: false, description: 'open a muted source again' },
  ]) {
    parent
      .command(name, options)
      .description(description)
      .argument('<source>', 'id of a source')
      .requiredOption('--config <file>', 'configuration that the source is in')
      .option('--json', 'print one JSON document')
      .action((source: string, flags: MuteFlags) => setMuted({ source, muted }, flags));
  }
}

async function setMuted(
  { source, muted }: { readonly source: string; readonly muted: boolean },
  { config: file, json }: MuteFlags,
): Promise<void> {
  const { node, sources } = await readSourcesConfig(file, deviceDeclarations);
  if (!sources.some(({ id }) => id === source)) {
    throw new UsageError(
      `expected a source of ${file}, found "${source}"`,
      `Name one of ${sources.map(({ id }) => id).join(', ')}.`,
    );
  }
  const mutes = await SwitchedOff.open(nodeState(node).muted, systemClock);
  await mutes.set(source, muted);
  if (json) printJson({ node, source, muted });
  else print(`${source} of ${node} is ${muted ? 'muted' : 'no longer muted'}.`);
}
