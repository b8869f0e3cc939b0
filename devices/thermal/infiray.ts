import Type from '#typebox';
import type { FrameMemory, ReadingSink } from '../../runtime/reading';
import { declareDevice } from '../device';
import { acquireFloats, wordsOf } from '../frameValues';
import { type PictureDecoder, type PictureTime, V4l2Driver } from '../v4l2Driver';
import { findCameras, V4L2_NEEDS, VideoPath } from '../video4linux';
import { KELVIN_PER_THERMAL_UNIT } from './raw';

/** InfiRay P2 Pro and Topdon TC001: USB id 0bda:5830 (reference/devices.md §3.2). */
export const infiray = declareDevice({
  kind: 'infiray',
  modality: 'thermal',
  title: 'InfiRay P2 Pro or Topdon TC001 (USB)',
  options: Type.Object({ kind: Type.Literal('infiray'), device: VideoPath }, { additionalProperties: false }),
  needs: V4L2_NEEDS,
  discover: (ports) => findCameras(ports, { kind: 'infiray', usbIds: ['0bda:5830'] }),
  open: ({ device }, { source, clock, memory, ports }) => {
    const camera = {
      modality: 'thermal',
      device,
      format: { width: WIDTH, height: 2 * HEIGHT, fourcc: 'YUYV', bytesPerPixel: 2, rateHz: 25 },
      decoder: () => new InfirayDecoder({ source, memory }),
    };
    return new V4l2Driver(camera, { clock, startProcess: ports.startProcess });
  },
});

const WIDTH = 256;
const HEIGHT = 192;

/** The upper half is a picture for people; the lower half holds the temperatures. */
export class InfirayDecoder implements PictureDecoder {
  readonly #source: string;
  readonly #memory: FrameMemory;

  constructor(options: { readonly source: string; readonly memory: FrameMemory }) {
    this.#source = options.source;
    this.#memory = options.memory;
  }

  decode(bytes: Uint8Array, time: PictureTime, sink: ReadingSink): void {
    const count = WIDTH * HEIGHT;
    const words = wordsOf(bytes, count * 2);
    const room = acquireFloats(this.#memory, count);
    if (room === undefined) {
      sink.lost('memory', 1);
      return;
    }
    for (let index = 0; index < count; index++)
      room.values[index] = (words[index] ?? 0) * KELVIN_PER_THERMAL_UNIT['K/64'];
    const source = this.#source;
    try {
      sink.reading({ ...time, ...room, source, modality: 'thermal', width: WIDTH, height: HEIGHT, unit: 'K' });
    } finally {
      room.frame.release();
    }
  }
}
