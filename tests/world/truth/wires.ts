import { PcmStream } from '../../../devices/audio/pcmStream';
import { SampleClock } from '../../../devices/audio/sampleClock';
import { Z16Decoder } from '../../../devices/depth/realsense';
import { MotionLinesDecoder } from '../../../devices/imu/motionLinesDevice';
import { SOUND_RATE_HZ } from '../../../devices/simulated/sound/voice';
import { SimulatedMotionLines } from '../../../devices/simulated/wire/motionLines';
import { encodePcm16 } from '../../../devices/simulated/wire/pcm';
import { encodeRgbRows, encodeTLinear, encodeZ16 } from '../../../devices/simulated/wire/pictures';
import { LeptonDecoder } from '../../../devices/thermal/lepton';
import { PictureConsumer } from '../../../devices/vision/pictureConsumer';
import { rowLayout } from '../../../devices/vision/rows';
import type { Clock } from '../../../runtime/clock';
import type { FrameMemory, Reading, ReadingSink } from '../../../runtime/reading';

/** A device on a wire: what a sensor of the world sees goes in as bytes, and comes out of the decoder of its driver. */
export type Wire = (seen: Reading) => void;

export interface WireContext {
  readonly source: string;
  readonly clock: Clock;
  readonly memory: FrameMemory;
  readonly sink: ReadingSink;
}

/**
 * The wire of a source, by what its first reading is: 16-bit PCM as `arecord` writes it, lines of CSV with the board's own
 * time, Z16 millimetres of a RealSense, TLinear words of a Lepton, RGB rows of GStreamer. Bytes carry neither source nor
 * flags nor the world's time: the decoders stamp what they read by the clock, as on a real port.
 */
export function openWire(context: WireContext): Wire {
  let wire: Wire | undefined;
  return (seen) => {
    wire ??= wireFor(seen, context);
    wire(seen);
  };
}

function wireFor(first: Reading, context: WireContext): Wire {
  switch (first.modality) {
    case 'audio':
      return soundWire(context);
    case 'imu':
      return motionWire(context);
    case 'vision':
      return colourWire(context);
    case 'depth':
      return depthWire(first, context);
    case 'thermal':
      return thermalWire(first, context);
    case 'radar':
      throw new Error('no encoder of the bundle takes the profiles of a radar');
  }
}

function soundWire({ source, clock, sink }: WireContext): Wire {
  const stream = new PcmStream(
    { source, clockQuality: 'arrival', sampleRateHz: SOUND_RATE_HZ, channels: 1 },
    { sink, times: new SampleClock(clock, SOUND_RATE_HZ) },
  );
  return (seen) => {
    if (seen.modality === 'audio') stream.append(encodePcm16(seen));
  };
}

const BAUD_RATE = 921_600;

function motionWire({ source, clock, sink }: WireContext): Wire {
  const board = new SimulatedMotionLines('csv');
  const fail = (error: Error): never => {
    throw error;
  };
  const decoder = new MotionLinesDecoder(
    { kind: 'motion-lines', path: '/dev/ttyACM0', baudRate: BAUD_RATE },
    { source, clock },
    { sink, fail },
  );
  return (seen) => {
    if (seen.modality === 'imu') decoder.append(board.encode(seen), clock.monotonicMicros());
  };
}

function colourWire({ source, clock, memory, sink }: WireContext): Wire {
  const consumer = new PictureConsumer(
    { source, clock, memory, clockQuality: 'device', flags: [], startsWithGap: false },
    sink,
  );
  let offset = 0;
  return (seen) => {
    if (seen.modality !== 'vision') return;
    const { width, height } = seen;
    const bytes = encodeRgbRows(seen);
    const { strideBytes } = rowLayout(seen);
    const problem = consumer.begin(
      {
        kind: 'buffer',
        format: { kind: 'format', width, height },
        bytes: strideBytes * height,
        ptsMicros: seen.monotonicMicros,
        offset: offset++,
        isDiscontinuous: false,
        isCorrupted: false,
      },
      clock.monotonicMicros(),
    );
    if (problem !== undefined) throw new Error(problem);
    consumer.part(bytes, 0);
    consumer.end();
  };
}

function depthWire(
  first: Reading & { readonly modality: 'depth' },
  { source, clock, memory, sink }: WireContext,
): Wire {
  const { width, height } = first;
  const decoder = new Z16Decoder({ source, memory, width, height });
  return (seen) => {
    if (seen.modality === 'depth') decoder.decode(encodeZ16(seen), arrival(clock), sink);
  };
}

function thermalWire(
  first: Reading & { readonly modality: 'thermal' },
  { source, clock, memory, sink }: WireContext,
): Wire {
  const { width, height } = first;
  const decoder = new LeptonDecoder({ source, width, height, telemetry: false, unit: 'auto', memory });
  return (seen) => {
    if (seen.modality === 'thermal') decoder.decode(encodeTLinear(seen), arrival(clock), sink);
  };
}

function arrival(clock: Clock) {
  return {
    timeMicros: clock.epochMicros(),
    monotonicMicros: clock.monotonicMicros(),
    clockQuality: 'arrival',
    flags: [],
  } as const;
}
