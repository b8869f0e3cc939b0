import type { DeviceContext } from '../../devices/device';
import { machinePorts, type Ports } from '../../devices/ports/ports';
import { type Clock, systemClock } from '../../runtime/clock';
import { FramePool } from '../../runtime/frames';
import { decodeGray16, decodePicture } from '../../runtime/preprocess/pictureFile';

/** What a driver gets, with the parts that a test brings itself. */
export function deviceContext(
  parts: { readonly clock?: Clock; readonly folder?: string; readonly ports?: Partial<Ports> } = {},
): DeviceContext & { readonly memory: FramePool } {
  const clock = parts.clock ?? systemClock;
  return {
    source: 'device0',
    clock,
    folder: parts.folder ?? '/',
    decodeGray16,
    decodePicture,
    memory: new FramePool({ frames: 64, bytes: 2 ** 28 }),
    ports: { ...machinePorts(clock), ...parts.ports },
  };
}
