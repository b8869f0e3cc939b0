import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { DeviceRoots } from '../ports/ports';
import { caps, element, linked } from './element';

/**
 * True on an NVIDIA Jetson: its decoders leave pictures in memory of their own, which only its converter reads.
 * The device tree names the chip, such as `nvidia,tegra234`.
 */
export async function isJetson({ proc }: DeviceRoots): Promise<boolean> {
  try {
    return /\btegra\d/.test(await readFile(path.join(proc, 'device-tree', 'compatible'), 'latin1'));
  } catch {
    return false;
  }
}

/** From the image processor's memory to that of the host. The converter has no RGB: the fourth byte goes later. */
export const toSystemMemory: readonly string[] = linked(element('nvvidconv'), caps('video/x-raw', { format: 'BGRx' }));

/**
 * Calls any rate so, since streams of packets state none, and videorate of GStreamer 1.22 ends the process then:
 * "assertion failed: (GST_BUFFER_DURATION_IS_VALID (outbuf))". It drops by the times of pictures all the same.
 */
const statedRate = element('capssetter', { caps: 'video/x-raw,framerate=240/1' });

/** Decodes whatever pictures come in, into memory of the host. */
export async function videoDecoder(roots: DeviceRoots): Promise<readonly string[]> {
  const decode = element('decodebin');
  const toHost = (await isJetson(roots)) ? toSystemMemory : caps('video/x-raw');
  return linked(decode, toHost, statedRate);
}
