import Type from '#typebox';
import type { Millis } from '../../runtime/clock';
import type { ClockQuality, Driver, Flag } from '../../runtime/reading';
import type { DeviceContext } from '../device';
import { caps, element, linked } from '../gstreamer/element';
import { GstDriver, type GstProtocol, newestOnly, type Pipeline } from '../gstreamer/gstDriver';
import type { Subject } from '../gstreamer/problems';
import { PictureConsumer } from './pictureConsumer';

const Pixels = { minimum: 16, maximum: 4096 } as const;

/** Options of every camera: what its readings are like. */
export const pictureOptions = {
  width: Type.Optional(
    Type.Integer({ ...Pixels, description: 'Larger pictures are scaled down to fit, in their shape. Default: 640.' }),
  ),
  height: Type.Optional(Type.Integer({ ...Pixels, description: 'As width. Default: 480.' })),
  rateHz: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 240, description: 'Pictures a second, at most. Default: 10.' }),
  ),
};

/** Options of cameras that can be set up: how they take pictures, before these are scaled down. */
export const captureOptions = {
  captureWidth: Type.Optional(Type.Integer({ ...Pixels, description: 'Default: what is nearest to width.' })),
  captureHeight: Type.Optional(Type.Integer({ ...Pixels, description: 'Default: what is nearest to height.' })),
  captureRateHz: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 240, description: 'Default: what the camera prefers.' }),
  ),
};

export interface PictureOptions {
  readonly width?: number;
  readonly height?: number;
  readonly rateHz?: number;
}

export interface CaptureOptions {
  readonly captureWidth?: number;
  readonly captureHeight?: number;
  readonly captureRateHz?: number;
}

/** The kind of data that a camera is asked for; what is not asked for is left to it. */
export function captureCaps(
  mediaType: string,
  { captureWidth, captureHeight, captureRateHz }: CaptureOptions,
): readonly string[] {
  return caps(mediaType, {
    ...(captureWidth === undefined ? {} : { width: captureWidth }),
    ...(captureHeight === undefined ? {} : { height: captureHeight }),
    ...(captureRateHz === undefined ? {} : { framerate: `${captureRateHz}/1` }),
  });
}

/** No picture for this long, and for five periods, means that a camera hangs: UVC cameras do, without an error. */
const SILENT_AFTER = 2000 as Millis;
const SILENT_PERIODS = 5;

/** A sensor has noise. In the dark it may not show for a while. */
const SAME_AFTER = 60_000 as Millis;

/** What one kind of camera has that others have not. */
export interface CameraKind {
  readonly subject: Subject;
  readonly clockQuality: ClockQuality;
  readonly flags?: readonly Flag[];
  readonly atEnd: GstProtocol['atEnd'];
  /** From the camera to raw pictures in any format and size, at the pace of the clock. */
  pipeline(): Promise<Pipeline>;
  /** Real sensors do not give the same picture again and again. */
  readonly hasNoise: boolean;
  /** Pictures of a file may be as far apart as they like. */
  readonly silentAfter?: Millis;
}

/** A driver that reads pictures from GStreamer. */
export function cameraDriver(kind: CameraKind, options: PictureOptions, context: DeviceContext): Driver {
  const { subject, clockQuality, flags = [], atEnd, hasNoise, silentAfter } = kind;
  const { rateHz = 10 } = options;
  const silent = silentAfter ?? (Math.max(SILENT_AFTER, (SILENT_PERIODS * 1000) / rateHz) as Millis);
  const { source, clock, memory, ports } = context;
  return new GstDriver(
    {
      modality: 'vision',
      subject,
      atEnd,
      limits: { silentAfter: silent, ...(hasNoise ? { sameAfter: SAME_AFTER } : {}) },
      pipeline: async () => {
        const { elements, secrets } = await kind.pipeline();
        return { elements: linked(elements, scaledDown(options)), secrets };
      },
      consumer: (sink, { isRepeated }) =>
        new PictureConsumer({ source, clock, memory, clockQuality, flags, startsWithGap: isRepeated }, sink),
    },
    { clock, start: ports.startProcess },
  );
}

/** RGB in its own shape, not larger and not more often than asked; the newest wins. */
function scaledDown({ width = 640, height = 480, rateHz = 10 }: PictureOptions): readonly string[] {
  return linked(
    element('videorate', { 'drop-only': true, 'max-rate': rateHz }),
    element('videoscale'),
    element('videoconvert'),
    caps('video/x-raw', {
      format: 'RGB',
      width: `[1,${width}]`,
      height: `[1,${height}]`,
      'pixel-aspect-ratio': '1/1',
    }),
    newestOnly({ buffers: 1 }),
  );
}
