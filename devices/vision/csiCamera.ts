import Type from '#typebox';
import { declareDevice } from '../device';
import { element, linked } from '../gstreamer/element';
import { GSTREAMER_NEEDS } from '../gstreamer/packages';
import { toSystemMemory } from '../gstreamer/videoDecoder';
import { cameraDriver, captureCaps, captureOptions, pictureOptions } from './camera';
import { findCsiCameras } from './findCameras';

const DEFAULT_CAPTURE = { captureWidth: 1280, captureHeight: 720, captureRateHz: 30 } as const;

/** A camera on the ribbon cable of a Jetson. Its image processor gives pictures in memory of its own. */
export const csiCamera = declareDevice({
  kind: 'csi-camera',
  modality: 'vision',
  title: 'Camera (CSI, Jetson)',
  options: Type.Object(
    {
      kind: Type.Literal('csi-camera'),
      sensorId: Type.Optional(Type.Integer({ minimum: 0, maximum: 15, description: 'Which one. Default: 0.' })),
      mayStandStill: Type.Optional(
        Type.Boolean({ description: 'Exactly the same picture for a minute is no fault. Default: false.' }),
      ),
      ...captureOptions,
      ...pictureOptions,
    },
    { additionalProperties: false },
  ),
  needs: GSTREAMER_NEEDS,
  discover: findCsiCameras,
  open: (options, context) => {
    const { sensorId = 0 } = options;
    return cameraDriver(
      {
        subject: { name: `the CSI camera ${sensorId}`, kind: 'csi' },
        clockQuality: 'device',
        atEnd: 'fail',
        hasNoise: options.mayStandStill !== true,
        pipeline: async () => ({
          elements: linked(
            element('nvarguscamerasrc', { 'sensor-id': sensorId }),
            captureCaps('video/x-raw(memory:NVMM)', { ...DEFAULT_CAPTURE, ...options }),
            toSystemMemory,
          ),
          secrets: [],
        }),
      },
      options,
      context,
    );
  },
});
