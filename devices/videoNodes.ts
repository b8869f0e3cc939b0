import { readdir, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { DeviceRoots } from './ports/ports';

/** What Linux knows of a video node. */
export interface VideoNode {
  /** What the camera calls itself. */
  readonly title: string;
  /** Its path, by the name that stays over replugging where there is one. */
  readonly device: string;
  /** Of the nodes of one interface: the first captures, others carry metadata. */
  readonly index: number;
  /** The USB device that it belongs to. */
  readonly usb?: {
    /** `vendor:product`, hexadecimal. */
    readonly id: string;
    /** Its folder in sysfs, the same for all its nodes. */
    readonly folder: string;
  };
}

/** The video nodes of this machine, in the order of their numbers. Never rejects. */
export async function videoNodes(roots: DeviceRoots): Promise<readonly VideoNode[]> {
  const classFolder = path.join(roots.sys, 'class', 'video4linux');
  const names = (await entries(classFolder)).filter((name) => /^video\d{1,5}$/.test(name));
  const numbers = names.map((name) => Number(name.slice('video'.length))).sort((left, right) => left - right);
  const links = await stableNames(roots);
  return Promise.all(
    numbers.map(async (number) => {
      const name = `video${number}`;
      const folder = path.join(classFolder, name);
      const usb = await usbOf(path.join(folder, 'device'));
      return {
        title: (await text(path.join(folder, 'name'))) || name,
        device: links.get(name) ?? path.join(roots.dev, name),
        index: Number(await text(path.join(folder, 'index'))),
        ...(usb && { usb }),
      };
    }),
  );
}

/** The node's device is an interface of the USB device, which stands one folder above. */
async function usbOf(device: string): Promise<VideoNode['usb']> {
  const target = await realpath(device).catch(() => undefined);
  if (target === undefined) return undefined;
  const folder = path.dirname(target);
  const vendor = await text(path.join(folder, 'idVendor'));
  return vendor === '' ? undefined : { id: `${vendor}:${await text(path.join(folder, 'idProduct'))}`, folder };
}

/** Links by node: by identity where the camera has one of its own, by its place on the bus where it has not. */
async function stableNames({ dev }: DeviceRoots): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (const kind of ['by-path', 'by-id']) {
    const folder = path.join(dev, 'v4l', kind);
    for (const link of await entries(folder)) {
      const target = await realpath(path.join(folder, link)).catch(() => undefined);
      if (target !== undefined) names.set(path.basename(target), path.join(folder, link));
    }
  }
  return names;
}

async function entries(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

/** Content of a file without its line end; nothing where there is none. */
async function text(file: string): Promise<string> {
  const content = await readFile(file, 'utf8').catch(() => '');
  return content.trim();
}
