import Type from '#typebox';
import { SensebindError } from '../../runtime/errors';
import { type DeviceContext, type DeviceDeclaration, declareDevice, resolvePath } from '../device';
import type { PictureSize } from './camera';
import type { Sensor } from './sensor';
import type { WorldChoice } from './sharedWorld';
import { SimulatedDriver } from './simulatedDriver';
import { DEFAULT_PICTURES } from './stream/sensorKinds';

const FORBID = { additionalProperties: false } as const;

const worldOptions = {
  seed: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 2 ** 32 - 1,
      description: 'An endless world of its own. Devices with the same seed show the same world. Default: 1.',
    }),
  ),
  script: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 4096,
      description: 'Path of a scenario (YAML) in place of a seed. Devices with the same script show the same world.',
    }),
  ),
};

const rate = (usual: number) =>
  Type.Optional(Type.Number({ minimum: 0.1, maximum: 60, description: `Pictures a second. Default: ${usual}.` }));

function pictureOptions({ size, rateHz }: { readonly size: PictureSize; readonly rateHz: number }) {
  const side = (usual: number) =>
    Type.Optional(Type.Integer({ minimum: 8, maximum: 1280, description: `Pixels. Default: ${usual}.` }));
  return { width: side(size.width), height: side(size.height), rateHz: rate(rateHz) };
}

/** A simulated device of a modality with pictures. */
function camera(sensor: 'vision' | 'depth' | 'thermal', kind: string, title: string): DeviceDeclaration {
  const usual = DEFAULT_PICTURES[sensor];
  return declareDevice({
    kind,
    modality: sensor,
    title,
    options: Type.Object({ kind: Type.Literal(kind), ...worldOptions, ...pictureOptions(usual) }, FORBID),
    inputs: ['script'],
    open: ({ seed, script, width, height, rateHz }, context) =>
      new SimulatedDriver({
        ...common(sensor, { seed, script }, context),
        size: { width: width ?? usual.size.width, height: height ?? usual.size.height },
        rateHz: rateHz ?? usual.rateHz,
      }),
  });
}

export const simulatedCamera = camera('vision', 'simulated-camera', 'Simulated camera');
export const simulatedDepth = camera('depth', 'simulated-depth', 'Simulated depth camera');
export const simulatedThermal = camera('thermal', 'simulated-thermal', 'Simulated thermal camera');

/** Its rate is fixed. */
function sampler(sensor: 'audio' | 'imu', kind: string, title: string): DeviceDeclaration {
  return declareDevice({
    kind,
    modality: sensor,
    title,
    options: Type.Object({ kind: Type.Literal(kind), ...worldOptions }, FORBID),
    inputs: ['script'],
    open: (options, context) => new SimulatedDriver(common(sensor, options, context)),
  });
}

export const simulatedMicrophone = sampler('audio', 'simulated-microphone', 'Simulated microphone');
export const simulatedImu = sampler('imu', 'simulated-imu', 'Simulated IMU');

const RADAR_RATE_HZ = 10;

export const simulatedRadar = declareDevice({
  kind: 'simulated-radar',
  modality: 'radar',
  title: 'Simulated radar (range profile)',
  options: Type.Object({ kind: Type.Literal('simulated-radar'), ...worldOptions, rateHz: rate(RADAR_RATE_HZ) }, FORBID),
  inputs: ['script'],
  open: ({ seed, script, rateHz }, context) =>
    new SimulatedDriver({ ...common('radar', { seed, script }, context), rateHz: rateHz ?? RADAR_RATE_HZ }),
});

/** One device a modality. */
export const simulatedDevices: readonly DeviceDeclaration[] = [
  simulatedCamera,
  simulatedDepth,
  simulatedThermal,
  simulatedMicrophone,
  simulatedImu,
  simulatedRadar,
];

const DEFAULT_SEED = 1;

interface WorldOptions {
  readonly seed?: number | undefined;
  readonly script?: string | undefined;
}

function common(sensor: Sensor, options: WorldOptions, context: DeviceContext) {
  const { source, clock, memory } = context;
  return { sensor, source, clock, memory, choice: choiceOf(options, context) };
}

function choiceOf({ seed, script }: WorldOptions, context: DeviceContext): WorldChoice {
  if (script === undefined) return { kind: 'seed', seed: seed ?? DEFAULT_SEED };
  if (seed !== undefined) {
    throw new SensebindError(
      'CONFIG_INVALID',
      `expected "seed" or "script" for the source "${context.source}", found both`,
      'remove one: a script names its own seed',
    );
  }
  return { kind: 'script', file: resolvePath(script, context) };
}
