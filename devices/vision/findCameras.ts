import { readdir, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { FoundDevice } from '../device';
import type { DeviceRoots, Ports } from '../ports/ports';

/** Cameras of other modalities, which have drivers of their own: PureThermal, InfiRay P2 Pro and Topdon TC001 (§3). */
const OTHER_MODALITIES: ReadonlySet<string> = new Set(['1e4e:0100', '0bda:5830']);

/** What Linux knows of a video node. */
interface VideoNode {
  /** Such as `video0`. */
  readonly node: string;
  readonly name: string;
  /** Of the nodes of one device: the first captures, others carry metadata. */
  readonly index: number;
  /** `vendor:product` in hex, of devices on USB. */
  readonly usb: string | undefined;
}

/** Colour cameras that are plugged in, by the name that stays over replugging. */
export async function findV4l2Cameras({ roots }: Ports): Promise<readonly FoundDevice[]> {
  const nodes = (await videoNodes(roots)).filter(
    ({ index, usb, name }) => index === 0 && !OTHER_MODALITIES.has(usb ?? '') && !isCsi(name) && !isDepth(name),
  );
  const links = await stableNames(roots);
  return nodes.map(({ node, name }) => ({
    name: name === '' ? node : name,
    options: { kind: 'v4l2-camera', device: links.get(node) ?? `/dev/${node}` },
    // Converters, loopbacks and scanners have such nodes too.
    certainty: 'possible',
  }));
}

/** Cameras on the ribbon cables of a Jetson, in the order that its camera service counts them. */
export async function findCsiCameras({ roots }: Ports): Promise<readonly FoundDevice[]> {
  const nodes = (await videoNodes(roots)).filter(({ name }) => isCsi(name));
  return nodes.map(({ name }, sensorId) => ({
    name: name.replace(/^vi-output,\s*/, ''),
    options: { kind: 'csi-camera', sensorId },
    certainty: 'possible',
  }));
}

/** NVIDIA's video input calls its nodes "vi-output, imx219 9-0010". */
function isCsi(name: string): boolean {
  return name.startsWith('vi-output');
}

/** The first node of a RealSense gives depth. */
function isDepth(name: string): boolean {
  return /realsense/i.test(name) && /depth/i.test(name);
}

async function videoNodes({ sys }: DeviceRoots): Promise<readonly VideoNode[]> {
  const folder = path.join(sys, 'class', 'video4linux');
  const names = (await entries(folder)).filter((name) => /^video\d{1,5}$/.test(name));
  const nodes = await Promise.all(
    names.map(async (node) => ({
      node,
      name: await text(path.join(folder, node, 'name')),
      index: Number((await text(path.join(folder, node, 'index'))) || 0),
      usb: await usbId(path.join(folder, node, 'device')),
    })),
  );
  return nodes.sort((a, b) => Number(a.node.slice(5)) - Number(b.node.slice(5)));
}

/** The node's device is an interface of the USB device, which stands one folder above. */
async function usbId(device: string): Promise<string | undefined> {
  const target = await realpath(device).catch(() => undefined);
  if (target === undefined) return undefined;
  const vendor = await text(path.join(target, '..', 'idVendor'));
  const product = await text(path.join(target, '..', 'idProduct'));
  return vendor === '' ? undefined : `${vendor}:${product}`;
}

/** Links by node: by identity where the camera has one, by its place on the bus where it has not. */
async function stableNames({ dev }: DeviceRoots): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (const kind of ['by-path', 'by-id']) {
    const folder = path.join(dev, 'v4l', kind);
    for (const link of await entries(folder)) {
      const target = await realpath(path.join(folder, link)).catch(() => undefined);
      if (target !== undefined) names.set(path.basename(target), `/dev/v4l/${kind}/${link}`);
    }
  }
  return names;
}

async function entries(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

async function text(file: string): Promise<string> {
  const content = await readFile(file, 'utf8').catch(() => '');
  return content.trim();
}
