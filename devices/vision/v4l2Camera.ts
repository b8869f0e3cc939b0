import Type from '#typebox';
import { declareDevice } from '../device';
import { element, linked } from '../gstreamer/element';
import { GSTREAMER_NEEDS } from '../gstreamer/packages';
import { cameraDriver, captureCaps, captureOptions, pictureOptions } from './camera';
import { findV4l2Cameras } from './findCameras';

/** A camera on USB, or any other that Linux gives a video node. */
export const v4l2Camera = declareDevice({
  kind: 'v4l2-camera',
  modality: 'vision',
  title: 'Camera (USB, V4L2)',
  options: Type.Object(
    {
      kind: Type.Literal('v4l2-camera'),
      device: Type.String({
        pattern: '^/dev/[A-Za-z0-9#+.:=@_/-]{1,250}$',
        title: 'a video node such as /dev/v4l/by-id/usb-046d_C920-video-index0',
      }),
      encoding: Type.Optional(
        Type.Enum(['raw', 'mjpeg'], {
          description: 'How pictures come over the cable; mjpeg allows larger and more of them. Default: raw.',
        }),
      ),
      mayStandStill: Type.Optional(
        Type.Boolean({ description: 'Exactly the same picture for a minute is no fault. Default: false.' }),
      ),
      ...captureOptions,
      ...pictureOptions,
    },
    { additionalProperties: false },
  ),
  needs: { ...GSTREAMER_NEEDS, files: { folder: '/dev', name: /^video\d+$/, group: 'video' } },
  discover: findV4l2Cameras,
  open: (options, context) => {
    const source = element('v4l2src', { device: options.device });
    const isCompressed = options.encoding === 'mjpeg';
    return cameraDriver(
      {
        subject: { name: options.device, kind: 'v4l2' },
        clockQuality: 'device',
        atEnd: 'fail',
        hasNoise: options.mayStandStill !== true,
        pipeline: async () => ({
          elements: isCompressed
            ? linked(source, captureCaps('image/jpeg', options), element('jpegdec'))
            : linked(source, captureCaps('video/x-raw', options)),
          secrets: [],
        }),
      },
      options,
      context,
    );
  },
});
