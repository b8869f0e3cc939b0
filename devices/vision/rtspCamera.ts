import Type from '#typebox';
import { declareDevice } from '../device';
import { linked } from '../gstreamer/element';
import { rtpOnly } from '../gstreamer/gstDriver';
import { GSTREAMER_NEEDS } from '../gstreamer/packages';
import { rtspOptions, rtspSource } from '../gstreamer/rtsp';
import { videoDecoder } from '../gstreamer/videoDecoder';
import { cameraDriver, pictureOptions } from './camera';

/** A camera on the network. */
export const rtspCamera = declareDevice({
  kind: 'rtsp-camera',
  modality: 'vision',
  title: 'Camera (network, RTSP)',
  options: Type.Object(
    { kind: Type.Literal('rtsp-camera'), ...rtspOptions, ...pictureOptions },
    { additionalProperties: false },
  ),
  needs: GSTREAMER_NEEDS,
  open: (options, context) =>
    cameraDriver(
      {
        subject: { name: options.url, kind: 'rtsp' },
        clockQuality: 'device',
        atEnd: 'fail',
        // A coded picture of a scene that stands still may be the same for long.
        hasNoise: false,
        pipeline: async () => {
          const { elements, secrets } = await rtspSource(options, context);
          return { elements: linked(elements, rtpOnly('video'), await videoDecoder(context.ports.roots)), secrets };
        },
      },
      options,
      context,
    ),
});
