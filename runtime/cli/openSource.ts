import { deviceDeclarations } from '../../devices/catalogue';
import { machinePorts } from '../../devices/ports/ports';
import type { Clock } from '../clock';
import type { SourceConfig } from '../config/config';
import { SensebindError } from '../errors';
import type { LaneSource } from '../lane';
import type { FrameMemory } from '../reading';
import { DisabledSource, SupervisedSource } from '../source';

/** Pictures of all cameras that are on their way: three of each of eight Full HD cameras. */
export const PICTURE_LIMITS = { frames: 64, bytes: 2 ** 28 } as const;

/**
 * A source of a configuration, ready to be started.
 *
 * @throws {SensebindError} `CONFIG_INVALID` when there is no such kind of device.
 */
export function openSource(
  config: SourceConfig,
  { clock, folder, memory }: { readonly clock: Clock; readonly folder: string; readonly memory: FrameMemory },
): LaneSource {
  const { id, device, enabled } = config;
  const declaration = deviceDeclarations.find(({ kind }) => kind === device.kind);
  if (declaration === undefined) {
    throw new SensebindError(
      'CONFIG_INVALID',
      `expected a kind of device for the source "${id}", found "${device.kind}"`,
      `use one of ${deviceDeclarations.map(({ kind }) => kind).join(', ')}`,
    );
  }
  if (!enabled) return { config, source: new DisabledSource(id, declaration.modality) };
  const driver = declaration.open(device, { source: id, clock, folder, memory, ports: machinePorts(clock) });
  return { config, source: new SupervisedSource(id, driver, { clock }) };
}
