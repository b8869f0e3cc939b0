import { machinePorts } from '../../devices/ports/ports';
import type { Clock } from '../clock';
import type { Config, SourceConfig } from '../config/config';
import type { LaneSource } from '../lane';
import type { ReadingsIn } from '../mqtt/readingsIn';
import { MutableSource } from '../mutableSource';
import { decodeGray16, decodePicture } from '../preprocess/pictureFile';
import type { FrameMemory } from '../reading';
import { DisabledSource, SupervisedSource } from '../source';
import type { SwitchedOff } from '../switchedOff';
import { declarationOf } from './openDevice';

/** Pictures of all cameras that are on their way: three of each of eight Full HD cameras. */
export const PICTURE_LIMITS = { frames: 64, bytes: 2 ** 28 } as const;

/**
 * A source of a configuration, ready to be started.
 *
 * @throws {SensebindError} `CONFIG_INVALID` when there is no such kind of device.
 */
export function openSource(
  config: SourceConfig,
  parts: {
    readonly clock: Clock;
    readonly folder: Config['folder'];
    readonly memory: FrameMemory;
    readonly mutes: SwitchedOff;
    readonly disabled?: SwitchedOff;
    /** Brings what boards publish; left out where no broker is listened to. */
    readonly readingsIn?: ReadingsIn;
  },
): LaneSource {
  const { id, device, enabled } = config;
  const { clock, folder, memory, mutes, disabled, readingsIn } = parts;
  const declaration = declarationOf(device, id);
  if (!enabled) return { config, source: new DisabledSource(id, declaration.modality) };
  const driver = declaration.open(device, {
    source: id,
    clock,
    folder,
    memory,
    decodeGray16,
    decodePicture,
    ports: { ...machinePorts(clock), ...(readingsIn === undefined ? {} : { messages: readingsIn.open }) },
  });
  const create = () => new SupervisedSource(id, driver, { clock });
  const switches = { create, mutes, ...(disabled === undefined ? {} : { disabled }) };
  return { config, source: new MutableSource(id, driver.modality, switches) };
}
