import Type from '#typebox';
import { declareDevice, resolvePath } from '../device';
import { element, linked } from '../gstreamer/element';
import { GSTREAMER_NEEDS } from '../gstreamer/packages';
import { soundDriver, soundOptions } from './gstMicrophone';

/** Plays the sound of a file in any container that GStreamer knows: each sample at its time. WAV needs no GStreamer. */
export const soundFile = declareDevice({
  kind: 'sound-file',
  modality: 'audio',
  title: 'Sound or video file, played in real time (GStreamer)',
  options: Type.Object(
    {
      kind: Type.Literal('sound-file'),
      file: Type.String({ minLength: 1, maxLength: 4096, description: 'Path of a file with sound.' }),
      loop: Type.Optional(Type.Boolean({ description: 'Starts again at the end. Default: false.' })),
      ...soundOptions,
    },
    { additionalProperties: false },
  ),
  needs: GSTREAMER_NEEDS,
  inputs: ['file'],
  open: (options, context) => {
    const file = resolvePath(options.file, context);
    return soundDriver(
      {
        subject: { name: file, kind: 'file' },
        clockQuality: 'file',
        atEnd: options.loop ? 'repeat' : 'finish',
        pipeline: async () => ({
          elements: linked(
            element('filesrc', { location: file }),
            element('decodebin'),
            // Lets sound through at its time.
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
