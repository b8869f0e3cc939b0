import Type from '#typebox';
import type { Millis } from '../../runtime/clock';
import type { ClockQuality, Driver, Flag } from '../../runtime/reading';
import type { DeviceContext } from '../device';
import { caps, element, linked } from '../gstreamer/element';
import { GstDriver, type GstProtocol, newestOnly, type Pipeline } from '../gstreamer/gstDriver';
import type { Subject } from '../gstreamer/problems';
import { SoundConsumer } from './soundConsumer';

/** Options of every source of sound that GStreamer reads. */
export const soundOptions = {
  sampleRateHz: Type.Optional(Type.Integer({ minimum: 4000, maximum: 192_000, description: 'Default: 16000.' })),
  channels: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 8, description: 'Others are mixed into so many. Default: 1.' }),
  ),
};

export interface SoundOptions {
  readonly sampleRateHz?: number;
  readonly channels?: number;
}

const SILENT_AFTER = 5000 as Millis;

/** Sound that waits while nobody reads it; what is older is lost, and said to be. */
const KEPT_MICROS = 500_000;

/** What one kind of source has that others have not. */
export interface SoundKind {
  readonly subject: Subject;
  readonly clockQuality: ClockQuality;
  readonly flags?: readonly Flag[];
  readonly atEnd: GstProtocol['atEnd'];
  /** From the source to raw sound in any format, at the pace of the clock. */
  pipeline(): Promise<Pipeline>;
}

/** A driver that reads sound from GStreamer. */
export function soundDriver(kind: SoundKind, options: SoundOptions, context: DeviceContext): Driver {
  const { sampleRateHz = 16_000, channels = 1 } = options;
  const { source, clock, ports } = context;
  const { subject, clockQuality, flags = [], atEnd } = kind;
  return new GstDriver(
    {
      modality: 'audio',
      subject,
      atEnd,
      limits: { silentAfter: SILENT_AFTER },
      pipeline: async () => {
        const { elements, secrets } = await kind.pipeline();
        const format = caps('audio/x-raw', {
          format: 'S16LE',
          layout: 'interleaved',
          rate: sampleRateHz,
          channels,
        });
        const convert = linked(element('audioconvert'), element('audioresample'), format);
        return { elements: linked(elements, convert, newestOnly({ micros: KEPT_MICROS })), secrets };
      },
      consumer: (sink, { isRepeated }) =>
        new SoundConsumer(
          { source, clockQuality, flags, sampleRateHz, channels },
          { clock, sink, startsWithGap: isRepeated },
        ),
    },
    { clock, start: ports.startProcess },
  );
}
