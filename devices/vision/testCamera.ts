import Type from '#typebox';
import { declareDevice } from '../device';
import { element, linked } from '../gstreamer/element';
import { GSTREAMER_NEEDS } from '../gstreamer/packages';
import { cameraDriver, captureCaps, captureOptions, pictureOptions } from './camera';

/** Pictures that GStreamer makes: to see a pipeline work without a camera. */
export const testCamera = declareDevice({
  kind: 'test-camera',
  modality: 'vision',
  title: 'Test picture (GStreamer)',
  options: Type.Object(
    {
      kind: Type.Literal('test-camera'),
      pattern: Type.Optional(
        Type.Enum(['ball', 'smpte', 'snow', 'solid-color'], { description: 'What it shows. Default: ball.' }),
      ),
      colour: Type.Optional(
        Type.String({ pattern: '^#[0-9a-fA-F]{6}$', title: 'a colour such as #ff8000, for solid-color' }),
      ),
      ...captureOptions,
      ...pictureOptions,
    },
    { additionalProperties: false },
  ),
  needs: GSTREAMER_NEEDS,
  open: (options, context) => {
    const { pattern = 'ball', colour = '#ffffff' } = options;
    // Alpha, red, green, blue; only solid-color looks at it.
    const foreground = Number.parseInt(`ff${colour.slice(1)}`, 16);
    const source = element('videotestsrc', { 'is-live': true, pattern, 'foreground-color': foreground });
    return cameraDriver(
      {
        subject: { name: `the test picture "${pattern}"`, kind: 'test' },
        clockQuality: 'simulated',
        flags: ['simulated'],
        atEnd: 'fail',
        hasNoise: false,
        pipeline: async () => ({ elements: linked(source, captureCaps('video/x-raw', options)), secrets: [] }),
      },
      options,
      context,
    );
  },
});
