import type { FoundDevice } from '../device';
import type { Ports } from '../ports/ports';
import { videoNodes } from '../videoNodes';

/**
 * Cameras that are plugged in, by the name that stays over replugging. Those of other modalities are among them: what
 * another kind of device is certain to know is listed as that.
 */
export async function findV4l2Cameras({ roots }: Ports): Promise<readonly FoundDevice[]> {
  const nodes = (await videoNodes(roots)).filter(({ index, title }) => index === 0 && !isCsi(title));
  return nodes.map(({ title, device }) => ({
    name: title,
    options: { kind: 'v4l2-camera', device },
    // Converters, loopbacks and scanners have such nodes too.
    certainty: 'possible',
  }));
}

/** Cameras on the ribbon cables of a Jetson, in the order that its camera service counts them. */
export async function findCsiCameras({ roots }: Ports): Promise<readonly FoundDevice[]> {
  const nodes = (await videoNodes(roots)).filter(({ title }) => isCsi(title));
  return nodes.map(({ title }, sensorId) => ({
    name: title.replace(/^vi-output,\s*/, ''),
    options: { kind: 'csi-camera', sensorId },
    certainty: 'possible',
  }));
}

/** NVIDIA's video input calls its nodes "vi-output, imx219 9-0010". */
function isCsi(title: string): boolean {
  return title.startsWith('vi-output');
}
