import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { realsense } from '../../../devices/depth/realsense';
import type { Ports } from '../../../devices/ports/ports';
import { infiray } from '../../../devices/thermal/infiray';
import { lepton } from '../../../devices/thermal/lepton';
import { csiCamera } from '../../../devices/vision/csiCamera';
import { v4l2Camera } from '../../../devices/vision/v4l2Camera';
import { discoverAll } from '../../../runtime/cli/devices/list';
import { deviceContext } from '../../support/deviceContext';
import { temporaryFolder } from '../../support/temporaryFolder';

interface Node {
  readonly node: string;
  readonly name: string;
  readonly index?: number;
  /** Of the USB device, such as `046d:082d`; left out for others. */
  readonly usb?: string;
  readonly byId?: string;
  readonly byPath?: string;
}

/** The files of a machine with these video nodes, laid out as Linux does. */
async function machine(context: TestContext, nodes: readonly Node[]): Promise<Ports> {
  const folder = await temporaryFolder(context);
  const roots = { dev: path.join(folder, 'dev'), sys: path.join(folder, 'sys'), proc: path.join(folder, 'proc') };
  for (const { node, name, index = 0, usb, byId, byPath } of nodes) {
    const device = path.join(roots.sys, 'devices', 'bus', node);
    const itsInterface = path.join(device, 'interface0');
    const own = path.join(roots.sys, 'class', 'video4linux', node);
    await mkdir(itsInterface, { recursive: true });
    await mkdir(own, { recursive: true });
    await symlink(itsInterface, path.join(own, 'device'));
    await writeFile(path.join(own, 'name'), `${name}\n`);
    await writeFile(path.join(own, 'index'), `${index}\n`);
    const [vendor, product] = usb?.split(':') ?? [];
    if (vendor !== undefined) await writeFile(path.join(device, 'idVendor'), `${vendor}\n`);
    if (product !== undefined) await writeFile(path.join(device, 'idProduct'), `${product}\n`);
    for (const [kind, link] of [
      ['by-id', byId],
      ['by-path', byPath],
    ] as const) {
      if (link === undefined) continue;
      await mkdir(path.join(roots.dev, 'v4l', kind), { recursive: true });
      await writeFile(path.join(roots.dev, node), '');
      await symlink(`../../${node}`, path.join(roots.dev, 'v4l', kind, link));
    }
  }
  return deviceContext({ ports: { roots } }).ports;
}

const C920 = { name: 'HD Pro Webcam C920', usb: '046d:082d' } as const;

describe('cameras that are plugged in', () => {
  it('are named by their identity, once, and open with what is found', async (context) => {
    const ports = await machine(context, [
      {
        ...C920,
        node: 'video0',
        byId: 'usb-046d_HD_Pro_Webcam_C920_4B1F-video-index0',
        byPath: 'pci-0000:00:14.0-usb-0:1:1.0-video-index0',
      },
      { ...C920, node: 'video1', index: 1, byId: 'usb-046d_HD_Pro_Webcam_C920_4B1F-video-index1' },
    ]);
    const found = await v4l2Camera.discover?.(ports);
    assert.deepEqual(found, [
      {
        name: 'HD Pro Webcam C920',
        options: {
          kind: 'v4l2-camera',
          device: path.join(ports.roots.dev, 'v4l/by-id/usb-046d_HD_Pro_Webcam_C920_4B1F-video-index0'),
        },
        certainty: 'possible',
      },
    ]);
    const device = String(found[0]?.options['device']).replace(ports.roots.dev, '/dev');
    assert.doesNotThrow(() => v4l2Camera.open({ ...found[0]?.options, device }, deviceContext()));
  });

  it('are named by their place, or by their number, where they have no identity', async (context) => {
    const ports = await machine(context, [
      { node: 'video10', name: 'Tenth' },
      { node: 'video2', name: 'Second', byPath: 'platform-70090000.xusb-usb-0:2.4:1.0-video-index0' },
    ]);
    const found = await v4l2Camera.discover?.(ports);
    assert.deepEqual(
      found?.map(({ options }) => options['device']),
      ['v4l/by-path/platform-70090000.xusb-usb-0:2.4:1.0-video-index0', 'video10'].map((name) =>
        path.join(ports.roots.dev, name),
      ),
    );
  });

  it('are found without a name that stays too, whatever they measure', async (context) => {
    const ports = await machine(context, [{ node: 'video0', name: 'PureThermal (fw:v1.3.0)', usb: '1e4e:0100' }]);
    assert.deepEqual(await lepton.discover?.(ports), [
      {
        name: 'PureThermal (fw:v1.3.0)',
        options: { kind: 'lepton', device: path.join(ports.roots.dev, 'video0') },
        certainty: 'certain',
      },
    ]);
  });

  it('are not those of another modality, which have drivers of their own', async (context) => {
    const ports = await machine(context, [
      { node: 'video0', name: 'PureThermal (fw:v1.3.0)', usb: '1e4e:0100' },
      { node: 'video2', name: 'USB Camera', usb: '0bda:5830' },
      { node: 'video4', name: 'Intel(R) RealSense(TM) Depth Ca', usb: '8086:0b07' },
      { node: 'video6', ...C920 },
    ]);
    const found = await discoverAll(ports, [v4l2Camera, lepton, infiray, realsense]);
    assert.deepEqual(
      found.map(({ options }) => [options.kind, path.basename(String(options['device']))]),
      [
        ['v4l2-camera', 'video6'],
        ['lepton', 'video0'],
        ['infiray', 'video2'],
        ['realsense', 'video4'],
      ],
    );
  });

  it('on the ribbon cables of a Jetson are told apart from those on USB', async (context) => {
    const ports = await machine(context, [
      { node: 'video0', name: 'vi-output, imx219 9-0010' },
      { node: 'video1', name: 'vi-output, imx219 10-0010' },
      { node: 'video2', ...C920 },
    ]);
    assert.deepEqual(
      (await csiCamera.discover?.(ports))?.map(({ name, options }) => [name, options]),
      [
        ['imx219 9-0010', { kind: 'csi-camera', sensorId: 0 }],
        ['imx219 10-0010', { kind: 'csi-camera', sensorId: 1 }],
      ],
    );
    assert.equal((await v4l2Camera.discover?.(ports))?.length, 1);
  });

  it('are none on a machine without the folders', async (context) => {
    const ports = await machine(context, []);
    assert.deepEqual(await v4l2Camera.discover?.(ports), []);
    assert.deepEqual(await csiCamera.discover?.(ports), []);
  });
});
