import Type from '#typebox';
import type { Millis } from '../../runtime/clock';
import { declareDevice, resolvePath } from '../device';
import { element, linked } from '../gstreamer/element';
import { GSTREAMER_NEEDS } from '../gstreamer/packages';
import { videoDecoder } from '../gstreamer/videoDecoder';
import { cameraDriver, pictureOptions } from './camera';

/** Pictures of a file may be as far apart as they like; a minute of nothing is a fault all the same. */
const SILENT_AFTER = 60_000 as Millis;

/** Plays the pictures of a video file as a camera would have seen them: each at its time. */
export const videoFile = declareDevice({
  kind: 'video-file',
  modality: 'vision',
  title: 'Video file, played in real time',
  options: Type.Object(
    {
      kind: Type.Literal('video-file'),
      file: Type.String({ minLength: 1, maxLength: 4096, description: 'Path of a video file.' }),
      loop: Type.Optional(Type.Boolean({ description: 'Starts again at the end. Default: false.' })),
      ...pictureOptions,
    },
    { additionalProperties: false },
  ),
  needs: GSTREAMER_NEEDS,
  inputs: ['file'],
  open: (options, context) => {
    const file = resolvePath(options.file, context);
    return cameraDriver(
      {
        subject: { name: file, kind: 'file' },
        clockQuality: 'file',
        atEnd: options.loop ? 'repeat' : 'finish',
        hasNoise: false,
        silentAfter: SILENT_AFTER,
        pipeline: async () => ({
          elements: linked(
            element('filesrc', { location: file }),
            await videoDecoder(context.ports.roots),
            // Lets each picture through at its time.
            element('identity', { sync: true }),
          ),
          secrets: [],
        }),
      },
      options,
      context,
    );
  },
});
