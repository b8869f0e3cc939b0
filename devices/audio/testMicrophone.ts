import Type from '#typebox';
import { declareDevice } from '../device';
import { element, linked } from '../gstreamer/element';
import { GSTREAMER_NEEDS } from '../gstreamer/packages';
import { soundDriver, soundOptions } from './gstMicrophone';

/** Sound that GStreamer makes: to see a pipeline work without a microphone. */
export const testMicrophone = declareDevice({
  kind: 'test-microphone',
  modality: 'audio',
  title: 'Test sound (GStreamer)',
  options: Type.Object(
    {
      kind: Type.Literal('test-microphone'),
      wave: Type.Optional(Type.Enum(['sine', 'square', 'ticks', 'white-noise'], { description: 'Default: sine.' })),
      frequencyHz: Type.Optional(Type.Integer({ minimum: 20, maximum: 20_000, description: 'Default: 440.' })),
      ...soundOptions,
    },
    { additionalProperties: false },
  ),
  needs: GSTREAMER_NEEDS,
  open: (options, context) => {
    const { wave = 'sine', frequencyHz = 440 } = options;
    return soundDriver(
      {
        subject: { name: `the test sound "${wave}"`, kind: 'test' },
        clockQuality: 'simulated',
        flags: ['simulated'],
        atEnd: 'fail',
        pipeline: async () => ({
          elements: linked(
            element('audiotestsrc', { 'is-live': true, wave, freq: frequencyHz, samplesperbuffer: 320 }),
          ),
          secrets: [],
        }),
      },
      options,
      context,
    );
  },
});
