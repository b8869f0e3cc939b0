import type { FoundDevice } from '../device';
import type { Ports } from '../ports/ports';
import { videoNodes } from '../videoNodes';

/** Cameras of other modalities, which have drivers of their own: PureThermal, InfiRay P2 Pro and Topdon TC001 (§3). */
const OTHER_MODALITIES: ReadonlySet<string> = new Set(['1e4e:0100', '0bda:5830']);

/** Colour cameras that are plugged in, by the name that stays over replugging. */
export async function findV4l2Cameras({ roots }: Ports): Promise<readonly FoundDevice[]> {
  const nodes = (await videoNodes(roots)).filter(
    ({ index, usb, title }) => index === 0 && !OTHER_MODALITIES.has(usb?.id ?? '') && !isCsi(title) && !isDepth(title),
  );
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

/** The first node of a RealSense gives depth. */
function isDepth(title: string): boolean {
  return /realsense/i.test(title) && /depth/i.test(title);
}
