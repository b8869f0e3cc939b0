import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { deviceDeclarations } from '../../../devices/catalogue';
import { motionLines } from '../../../devices/imu/motionLinesDevice';
import { witmotion } from '../../../devices/imu/witmotionDevice';
import type { ByteStream, StreamEnd } from '../../../devices/ports/byteStream';
import { serialOpener } from '../../../devices/ports/serial';
import { socketOpener } from '../../../devices/ports/socket';
import { SimulatedMotionLines } from '../../../devices/simulated/wire/motionLines';
import { SimulatedWitMotion } from '../../../devices/simulated/wire/witmotion';
import { systemClock } from '../../../runtime/clock';
import { SupervisedSource } from '../../../runtime/source';
import { deviceContext } from '../../support/deviceContext';
import { isSocatMissing, type Pty, plugIn } from '../../support/pty';
import { driverOnPty } from '../../support/ptyDriver';
import { temporaryFolder } from '../../support/temporaryFolder';

const NOTHING = { bytes: () => undefined };
const openSerial = serialOpener(systemClock);
const openSocket = socketOpener(systemClock);

/** A port that goes away with the test. */
async function pluggedIn(context: TestContext, link: string): Promise<Pty> {
  const pty = await plugIn(link);
  context.after(() => pty.unplug());
  return pty;
}

/** The first bytes that come, and the stream that they come from. */
function opened(open: (handlers: { bytes(bytes: Uint8Array): void }) => ByteStream) {
  let take: (text: string) => void = () => {};
  const first = new Promise<string>((resolve) => {
    take = resolve;
  });
  const stream = open({ bytes: (bytes) => take(Buffer.from(bytes).toString()) });
  return { stream, first };
}

describe('a serial port', () => {
  it('carries bytes both ways, can be opened again, and says that it was unplugged', async (context) => {
    if (isSocatMissing(context)) return;
    const link = path.join(await temporaryFolder(context), 'device');
    const pty = await pluggedIn(context, link);
    for (let time = 0; time < 2; time++) {
      const received = new Promise<string>((resolve) =>
        pty.onReceived((bytes) => resolve(Buffer.from(bytes).toString())),
      );
      const { stream, first } = opened(openSerial({ path: link, baudRate: 9600 }));
      await stream.write(Buffer.from('question'));
      assert.equal(await received, 'question');
      await pty.write(Buffer.from('answer'));
      assert.equal(await first, 'answer');
      assert.deepEqual(await stream.close(), { kind: 'closed' });
      await stream.write(Buffer.from('too late'));
    }
    const { stream } = opened(openSerial({ path: link, baudRate: 115_200 }));
    await stream.write(new Uint8Array());
    await pty.unplug();
    const end = await stream.ended;
    assert.ok(end.kind === 'absent' && /was unplugged/.test(end.reason));
    assert.deepEqual(await stream.close(), end);
  });

  it('says what is wrong with a port that is absent, held by another, or no port at all', async (context) => {
    if (isSocatMissing(context)) return;
    const folder = await temporaryFolder(context);
    const ended = (name: string): Promise<StreamEnd> =>
      openSerial({ path: path.join(folder, name), baudRate: 9600 })(NOTHING).ended;
    const absent = await ended('absent');
    assert.ok(absent.kind === 'absent' && /No such file/.test(absent.reason) && /by-id/.test(absent.cure));
    await pluggedIn(context, path.join(folder, 'device'));
    const holder = openSerial({ path: path.join(folder, 'device'), baudRate: 9600 })(NOTHING);
    await holder.write(new Uint8Array());
    const busy = await ended('device');
    assert.ok(busy.kind === 'failed' && /fuser/.test(busy.cure), JSON.stringify(busy));
    await holder.close();
    await writeFile(path.join(folder, 'file'), '');
    assert.equal((await ended('file')).kind, 'failed');
  });

  it('is closed while it is still being opened', async (context) => {
    if (isSocatMissing(context)) return;
    const link = path.join(await temporaryFolder(context), 'device');
    await pluggedIn(context, link);
    const stream = openSerial({ path: link, baudRate: 9600 })(NOTHING);
    assert.deepEqual(await stream.close(), { kind: 'closed' });
    const absent = openSerial({ path: `${link}.absent`, baudRate: 9600 })(NOTHING);
    assert.deepEqual(await absent.close(), { kind: 'closed' });
  });

  it('notices that its name leads elsewhere, though the old port says nothing', async (context) => {
    if (isSocatMissing(context)) return;
    const folder = await temporaryFolder(context);
    await pluggedIn(context, path.join(folder, 'port0'));
    await pluggedIn(context, path.join(folder, 'port1'));
    const link = path.join(folder, 'by-id');
    await symlink(path.join(folder, 'port0'), link);
    const stream = openSerial({ path: link, baudRate: 9600 })(NOTHING);
    await stream.write(new Uint8Array());
    await symlink(path.join(folder, 'port1'), `${link}.new`);
    await rename(`${link}.new`, link);
    const end = await stream.ended;
    assert.ok(end.kind === 'absent' && /its name is gone/.test(end.reason));
  });

  it('sets the rate of a sensor through its real port, and reads it back', async (context) => {
    if (isSocatMissing(context)) return;
    const driver = await driverOnPty(context, witmotion, { baudRate: 115_200, rateHz: 200 });
    const device = new SimulatedWitMotion();
    const answered = new Promise<void>((resolve) =>
      driver.pty.onReceived((bytes) => {
        const answer = device.receive(bytes);
        void driver.pty.write(answer);
        if (answer.length > 0) resolve();
      }),
    );
    await answered;
    assert.equal(device.rateHz, 200);
    const sample = { acceleration: [0, 0, 9.8], angularVelocity: [0, 0, 0], micros: 0 } as const;
    const reading = driver.until(() => true);
    await driver.pty.write(device.encodeSample(sample));
    assert.equal((await reading).modality, 'imu');
  });
});

describe('discovery of serial devices', () => {
  it('lists the ports by the names that last, once for each kind of device, and none where there is none', async (context) => {
    const dev = await temporaryFolder(context);
    const { ports } = deviceContext({ ports: { roots: { dev, sys: '/sys', proc: '/proc' } } });
    const found = async () =>
      Promise.all(deviceDeclarations.map(async ({ discover }) => (await discover?.(ports)) ?? []));
    assert.deepEqual(
      (await found()).flat().filter(({ options }) => 'path' in options),
      [],
    );
    const byId = path.join(dev, 'serial', 'by-id');
    await mkdir(byId, { recursive: true });
    await writeFile(path.join(byId, 'usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0'), '');
    const serial = (await found()).flat().filter(({ options }) => String(options['path']).startsWith(byId));
    assert.deepEqual(
      serial.map(({ name, options, certainty }) => [name, options.kind, certainty]),
      ['witmotion', 'bno08x', 'motion-lines', 'mcu90640'].map((kind) => [
        'FTDI FT232R USB UART A50285BI',
        kind,
        'possible',
      ]),
    );
  });
});

/** A server that hands every connection to the test. */
async function listen(context: TestContext, port = 0) {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => sockets.add(socket)).listen(port, '127.0.0.1');
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  context.after(close);
  await once(server, 'listening');
  const address = server.address();
  return { server, close, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

describe('a TCP connection', () => {
  it('carries bytes both ways, and takes a peer that says goodbye for one that is away', async (context) => {
    const { server, port } = await listen(context);
    const connected = once(server, 'connection');
    const { stream, first } = opened(openSocket({ host: '127.0.0.1', port }));
    const [socket] = (await connected) as [Socket];
    await stream.write(Buffer.from('question'));
    assert.equal(String((await once(socket, 'data'))[0]), 'question');
    socket.write('answer');
    assert.equal(await first, 'answer');
    socket.end();
    assert.equal((await stream.ended).kind, 'absent');
    await stream.write(Buffer.from('too late'));
  });

  it('is closed when it is told to, and says that nobody listens', async (context) => {
    const { port, close } = await listen(context);
    const { stream } = opened(openSocket({ host: '127.0.0.1', port }));
    assert.deepEqual(await stream.close(), { kind: 'closed' });
    await close();
    const end = await openSocket({ host: '127.0.0.1', port })(NOTHING).ended;
    assert.ok(end.kind === 'absent' && /ECONNREFUSED/.test(end.reason));
  });

  it('brings a source back online when its server is back', async (context) => {
    const first = await listen(context);
    const driver = motionLines.open({ kind: 'motion-lines', host: '127.0.0.1', port: first.port }, deviceContext());
    const source = new SupervisedSource('imu0', driver, { clock: systemClock });
    const changed = new Set<() => void>();
    source.start({
      reading: () => undefined,
      lost: () => undefined,
      interrupted: () => undefined,
      ended: () => assert.fail('a sensor has no end'),
      status: () => {
        for (const look of changed) look();
      },
    });
    context.after(() => source.close());
    const until = (state: string): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (source.status.state === state) resolve();
        };
        changed.add(look);
        look();
      });
    const serve = (server: Server): void =>
      void server.on('connection', (socket: Socket) => {
        socket.write(new SimulatedMotionLines('json').encodeSample({ acceleration: [0, 0, 9.8], micros: 0 }));
      });
    serve(first.server);
    await until('online');
    await first.close();
    await until('offline');
    serve((await listen(context, first.port)).server);
    await until('online');
  });
});
