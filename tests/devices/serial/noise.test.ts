import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeviceDeclaration } from '../../../devices/device';
import { bno08x } from '../../../devices/imu/bno08xDevice';
import { motionLines } from '../../../devices/imu/motionLinesDevice';
import { witmotion } from '../../../devices/imu/witmotionDevice';
import { SimulatedRvc } from '../../../devices/simulated/wire/bno08x';
import { encodeMcu90640 } from '../../../devices/simulated/wire/mcu90640';
import { type MotionLineFormat, SimulatedMotionLines } from '../../../devices/simulated/wire/motionLines';
import { witMotionPacket } from '../../../devices/simulated/wire/witmotion';
import { mcu90640 } from '../../../devices/thermal/mcu90640Device';
import type { Reading } from '../../../runtime/reading';
import { randomOf } from '../../fuzz/mutate';
import { isSocatMissing, type Pty } from '../../support/pty';
import { driverOnPty } from '../../support/ptyDriver';
import { type Noise, noisyStream, type Wire } from './noisyStream';

/** A device on the wire, and how its samples tell which one they are. */
interface Case {
  readonly name: string;
  readonly declaration: DeviceDeclaration;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly wire: Wire;
  /** Numbers of the samples in a reading. */
  numbersOf(reading: Reading): readonly number[];
  readonly noise: Noise;
  readonly byteByByte: number;
}

const STANDARD_GRAVITY = 9.80665;

/** Sample n has n steps of the sensor on its x axis. */
function stepsOfX(stepMetres: number): Case['numbersOf'] {
  return (reading) => {
    assert.equal(reading.modality, 'imu');
    return reading.modality === 'imu' ? Array.from(reading.acceleration[0], (x) => Math.round(x / stepMetres) + 0) : [];
  };
}

const sum = (bytes: Buffer): number => bytes.reduce((total, byte) => total + byte, 0);
const exclusiveOr = (bytes: Buffer): number => bytes.reduce((total, byte) => total ^ byte, 0);

function rvcFrame(index: number): Buffer {
  const device = new SimulatedRvc();
  const sample = { acceleration: [(index * STANDARD_GRAVITY) / 1000, 0, STANDARD_GRAVITY], micros: 0 } as const;
  // The device counts its frames: the one with this index.
  for (let before = 0; before < index % 256; before++) device.encodeSample(sample);
  return device.encodeSample(sample);
}

function lines(format: MotionLineFormat) {
  const device = new SimulatedMotionLines(format);
  const sampleOf = (index: number): Buffer =>
    device.encodeSample({
      micros: index * 10_000,
      acceleration: [index / 100, 0.25, 9.8],
      angularVelocity: [0.1, 0.2, 0.3],
    });
  const first = sampleOf(0).toString();
  return { header: first.slice(0, first.indexOf('\n') + 1), sampleOf };
}

/** Noise fits a sum of eight bits now and then, as any does: with this seed, none of it does. */
const MOTION_NOISE: Noise = { samples: 1500, damage: 0.02, damagedPackets: 1, seed: 5 };

const json = lines('json');
const nmea = lines('nmea');

const CASES: readonly Case[] = [
  {
    name: 'WitMotion',
    declaration: witmotion,
    wire: {
      packets: (index) => [
        witMotionPacket(0x51, [index, 0, 2048, 2500]),
        witMotionPacket(0x52, [index, 1, 2, 2500]),
        witMotionPacket(0x53, [index, 1, 2, 3]),
        witMotionPacket(0x54, [index, 1, 2, 3]),
      ],
      needed: 2,
      isValid: (packet) => packet[0] === 0x55 && (sum(packet.subarray(0, 10)) & 0xff) === packet[10],
      headers: [0x55, 0x51, 0x52],
    },
    numbersOf: stepsOfX((16 * STANDARD_GRAVITY) / 32_768),
    noise: MOTION_NOISE,
    byteByByte: 100,
  },
  {
    name: 'BNO08x',
    declaration: bno08x,
    wire: {
      packets: (index) => [rvcFrame(index)],
      isValid: (frame) => frame.readUInt16LE(0) === 0xaaaa && (sum(frame.subarray(2, 18)) & 0xff) === frame[18],
      headers: [0xaa],
    },
    numbersOf: stepsOfX(STANDARD_GRAVITY / 1000),
    noise: MOTION_NOISE,
    byteByByte: 200,
  },
  {
    name: 'sentences with a checksum',
    declaration: motionLines,
    options: { columns: ['t_ms', 'ax', 'ay', 'az', 'gx', 'gy', 'gz'] },
    wire: {
      packets: (index) => [nmea.sampleOf(index)],
      isValid: (line) => {
        const [, body, stated] = /^\$([^*]*)\*([0-9A-F]{2})\r\n$/.exec(line.toString('latin1')) ?? [];
        return body !== undefined && Number.parseInt(stated ?? '', 16) === exclusiveOr(Buffer.from(body, 'latin1'));
      },
      headers: [0x24, 0x2c, 0x2a],
      noiseEnd: '\n',
      spared: 0x0a,
      // A damaged line must not become two.
      damage: (byte, random) => 0x21 + ((byte + random(90)) % 94),
    },
    numbersOf: stepsOfX(0.01),
    noise: { ...MOTION_NOISE, samples: 1000 },
    byteByByte: 40,
  },
  {
    // Without a checksum a digit that became another one cannot be found: bytes here become what text has not.
    name: 'lines of JSON',
    declaration: motionLines,
    wire: {
      packets: (index) => [json.sampleOf(index)],
      isValid: () => false,
      headers: [0x7b, 0x22, 0x2c],
      noiseEnd: '\n',
      spared: 0x0a,
      damage: (_, random) => 0x80 + random(128),
    },
    numbersOf: stepsOfX(0.01),
    noise: { ...MOTION_NOISE, samples: 1000, damage: 0.01 },
    byteByByte: 40,
  },
  {
    name: 'GY-MCU90640',
    declaration: mcu90640,
    wire: {
      packets: (index) => [encodeMcu90640(Float32Array.from({ length: 768 }, () => 273.15 + (index % 300) / 10))],
      isValid: (frame) => (sum(frame.subarray(0, 1542)) & 0xffff) === frame.readUInt16LE(1542),
      headers: [0x5a, 0x02, 0x06],
    },
    numbersOf: (reading) =>
      reading.modality === 'thermal' ? [Math.round((reading.values[0]! - 273.15) * 10) + 0] : [],
    // Two bytes in a hundred damage every frame of 1544 bytes: they are gathered in a third of them.
    noise: { samples: 60, damage: 0.02, damagedPackets: 0.3, seed: 4 },
    byteByByte: 3,
  },
];

/** Sends in pieces of the given lengths, each handed to the kernel by itself. */
async function send(pty: Pty, bytes: Buffer, lengthOf: () => number): Promise<void> {
  for (let start = 0; start < bytes.length; ) {
    const end = start + lengthOf();
    await pty.write(bytes.subarray(start, end));
    start = end;
  }
}

/** Clean samples before the noise; others after it say that all came through. */
const LEAD_IN = 3;

for (const { name, declaration, options, wire, numbersOf, noise, byteByByte } of CASES) {
  describe(`${name} over a serial port`, () => {
    const clean = (index: number): Buffer => Buffer.concat(wire.packets(index));
    for (const [how, samples, lengthOf] of [
      ['in random chunks', noise.samples, (random: (below: number) => number) => 1 + random(200)],
      ['byte by byte', byteByByte, () => 1],
    ] as const) {
      it(`decodes every valid frame and no other, ${how}`, async (context) => {
        if (isSocatMissing(context)) return;
        const driver = await driverOnPty(context, declaration, options);
        const { bytes, whole, damagedBytes } = noisyStream(wire, { ...noise, samples });
        const leadIn = Array.from({ length: LEAD_IN }, (_, index) => samples + index);
        const last = samples + LEAD_IN;
        const sent = Buffer.concat([...leadIn.map(clean), bytes, ...Array.from({ length: 3 }, () => clean(last))]);
        const over = driver.until((reading) => numbersOf(reading).includes(last));
        const random = randomOf(1);
        await send(driver.pty, sent, () => lengthOf(random));
        await over;
        await driver.stop();
        const found = driver.readings.flatMap(numbersOf).filter((number) => number !== last);
        assert.deepEqual(found, [...leadIn, ...whole]);
        assert.ok(damagedBytes > 0 && whole.length < samples);
        assert.ok((driver.losses['corrupt-bytes'] ?? 0) >= damagedBytes);
      });
    }
  });
}
