import Type, { type Static } from '#typebox';
import type { FrameMemory, ReadingSink } from '../../runtime/reading';
import { declareDevice } from '../device';
import { acquireFloats, wordsOf } from '../frameValues';
import { type PictureDecoder, type PictureTime, V4l2Driver } from '../v4l2Driver';
import { findCameras, V4L2_NEEDS, VideoPath } from '../video4linux';
import { METRES_PER_DEPTH_UNIT } from './units';

const Options = Type.Object(
  {
    kind: Type.Literal('realsense'),
    device: VideoPath,
    width: Type.Optional(Type.Integer({ minimum: 16, maximum: 4096, description: 'Default: 640.' })),
    height: Type.Optional(Type.Integer({ minimum: 16, maximum: 4096, description: 'Default: 480.' })),
    rateHz: Type.Optional(Type.Integer({ minimum: 1, maximum: 120, description: 'Default: 30.' })),
    unit: Type.Optional(
      Type.Enum(['mm', '100um'], { description: 'What one step stands for; 100um for the D405. Default: mm.' }),
    ),
    baselineMetres: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'Between the two imagers: 0.05 for a D435.' }),
    ),
    focalPixels: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 10_000, description: 'Focal length at this picture size.' }),
    ),
  },
  { additionalProperties: false },
);

/** RealSense D4xx without its own library: the kernel's Z16 stream (reference/devices.md §4). */
export const realsense = declareDevice({
  kind: 'realsense',
  modality: 'depth',
  title: 'Intel RealSense D4xx depth (USB)',
  options: Options,
  needs: V4L2_NEEDS,
  // The first video node of the camera is the depth one.
  discover: (ports) =>
    findCameras(ports, { kind: 'realsense', usbIds: [/^8086:0[ab][0-9a-f]{2}$/], firstNodeOnly: true }),
  open: (options, { source, clock, memory, ports }) => {
    const { device, width = 640, height = 480, rateHz = 30 } = options;
    const camera = {
      modality: 'depth',
      device,
      format: { width, height, fourcc: 'Z16 ', bytesPerPixel: 2, rateHz },
      decoder: () => new Z16Decoder({ ...options, source, memory, width, height }),
    };
    return new V4l2Driver(camera, { clock, startProcess: ports.startProcess });
  },
});

type Z16Options = Pick<Static<typeof Options>, 'unit' | 'baselineMetres' | 'focalPixels'> & {
  readonly source: string;
  readonly memory: FrameMemory;
  readonly width: number;
  readonly height: number;
};

/** Steps of a millimetre or less, 0 where the camera saw nothing. */
export class Z16Decoder implements PictureDecoder {
  readonly #options: Z16Options;

  constructor(options: Z16Options) {
    this.#options = options;
  }

  decode(bytes: Uint8Array, time: PictureTime, sink: ReadingSink): void {
    const { source, memory, width, height, unit = 'mm', baselineMetres, focalPixels } = this.#options;
    const count = width * height;
    const room = acquireFloats(memory, count);
    if (room === undefined) {
      sink.lost('memory', 1);
      return;
    }
    const words = wordsOf(bytes);
    const scale = METRES_PER_DEPTH_UNIT[unit];
    for (let index = 0; index < count; index++) room.values[index] = (words[index] ?? 0) * scale;
    const isCalibrated = baselineMetres !== undefined && focalPixels !== undefined;
    try {
      sink.reading({
        ...time,
        source,
        modality: 'depth',
        width,
        height,
        frame: room.frame,
        metres: room.values,
        ...(isCalibrated ? { baselineFocal: baselineMetres * focalPixels } : {}),
      });
    } finally {
      room.frame.release();
    }
  }
}
