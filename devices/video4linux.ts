import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import Type from 'typebox';
import type { DeviceNeeds, FoundDevice } from './device';
import type { Ports } from './ports/ports';

/** Path of a video device in a configuration. */
export const VideoPath = Type.String({
  pattern: '^/[A-Za-z0-9/_.:+@-]{1,255}$',
  title: 'the path of a video device, such as /dev/v4l/by-id/…',
  description: 'One of /dev/v4l/by-id stays the same when the camera is plugged in again.',
});

/** What every camera that is read with v4l2-ctl needs. */
export const V4L2_NEEDS: DeviceNeeds = {
  programs: [
    { program: 'v4l2-ctl', debianPackage: 'v4l-utils' },
    { program: 'stdbuf', debianPackage: 'coreutils' },
  ],
  files: { folder: '/dev', name: /^video\d+$/, group: 'video' },
};

export interface CameraQuery {
  /** Kind of device, as a configuration names it. */
  readonly kind: string;
  /** `vendor:product`, hexadecimal. */
  readonly usbIds: readonly (string | RegExp)[];
  /** Of several nodes of one camera only the first. */
  readonly firstNodeOnly?: boolean;
}

/** Cameras of these USB ids that are plugged in. */
export async function findCameras(ports: Ports, query: CameraQuery): Promise<readonly FoundDevice[]> {
  const found = await Promise.all((await namedNodes(ports)).map((node) => describe(ports, node)));
  const wanted = found.filter((camera) => camera !== undefined && matches(camera.usbId, query.usbIds));
  const cameras = wanted.filter((camera) => camera !== undefined);
  const seen = new Set<string>();
  return cameras
    .toSorted((left, right) => left.number - right.number)
    .filter(({ parent }) => !query.firstNodeOnly || (!seen.has(parent) && seen.add(parent) !== undefined))
    .map(({ title, device }) => ({ name: title, options: { kind: query.kind, device }, certainty: 'certain' }));
}

interface Node {
  /** Stable path. */
  readonly device: string;
  /** `video0` */
  readonly name: string;
}

interface Camera {
  readonly device: string;
  readonly title: string;
  readonly usbId: string;
  /** Number of the node in the machine: those of one camera count up in the order of its interfaces. */
  readonly number: number;
  /** The USB device that the node belongs to. */
  readonly parent: string;
}

/** Nodes with a name that stays; those of the same camera follow each other. */
async function namedNodes({ roots }: Ports): Promise<readonly Node[]> {
  const folder = path.join(roots.dev, 'v4l', 'by-id');
  const names = await readdir(folder).catch(() => []);
  const nodes = names.map(async (name) => {
    const device = path.join(folder, name);
    return { device, name: path.basename(await readlink(device).catch(() => name)) };
  });
  return Promise.all(nodes);
}

/** What sysfs knows of a node; `undefined` for one that is not on USB, or that gives no pictures. */
async function describe({ roots }: Ports, { device, name }: Node): Promise<Camera | undefined> {
  const folder = path.join(roots.sys, 'class', 'video4linux', name);
  try {
    const text = async (file: string): Promise<string> => (await readFile(file, 'utf8')).trim();
    const parent = path.dirname(await realpath(path.join(folder, 'device')));
    const usbId = `${await text(path.join(parent, 'idVendor'))}:${await text(path.join(parent, 'idProduct'))}`;
    // The other nodes of an interface carry what belongs to the pictures, not pictures.
    if ((await text(path.join(folder, 'index'))) !== '0') return undefined;
    const number = Number(name.replace(/\D/g, ''));
    return { device, usbId, number, parent, title: await text(path.join(folder, 'name')) };
  } catch {
    return undefined;
  }
}

function matches(usbId: string, wanted: CameraQuery['usbIds']): boolean {
  return wanted.some((id) => (typeof id === 'string' ? id === usbId : id.test(usbId)));
}
