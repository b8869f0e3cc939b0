import Type from '#typebox';
import { declareDevice } from '../device';
import { element, linked } from '../gstreamer/element';
import { rtpOnly } from '../gstreamer/gstDriver';
import { GSTREAMER_NEEDS } from '../gstreamer/packages';
import { rtspOptions, rtspSource } from '../gstreamer/rtsp';
import { soundDriver, soundOptions } from './gstMicrophone';

/** The microphone of a camera on the network. */
export const rtspMicrophone = declareDevice({
  kind: 'rtsp-microphone',
  modality: 'audio',
  title: 'Microphone (network, RTSP)',
  options: Type.Object(
    { kind: Type.Literal('rtsp-microphone'), ...rtspOptions, ...soundOptions },
    { additionalProperties: false },
  ),
  needs: GSTREAMER_NEEDS,
  open: (options, context) =>
    soundDriver(
      {
        subject: { name: options.url, kind: 'rtsp' },
        clockQuality: 'device',
        atEnd: 'fail',
        pipeline: async () => {
          const { elements, secrets } = await rtspSource(options, context);
          return { elements: linked(elements, rtpOnly('audio'), element('decodebin')), secrets };
        },
      },
      options,
      context,
    ),
});
