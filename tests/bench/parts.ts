import { availableParallelism } from 'node:os';
import { type ImagebindModality, MODALITIES } from '../../models/imagebind/modality';
import { withoutMosquitto } from '../support/mosquitto';
import { benchCamera } from './camera';
import { benchConversion } from './conversion';
import { benchDeviceCache } from './deviceCache';
import { benchDrain, benchSpooling } from './drain';
import { benchEventLoop } from './eventLoop';
import { benchForward } from './forward';
import { benchInterpretation } from './interpretation';
import { benchLatency } from './latency';
import { benchGrowth, benchWithoutModel } from './liveNode';
import type { Figure } from './measure';
import { benchBusyFlow, benchFlowGrowth, benchHops } from './nodeRed';
import { benchPreprocessing } from './preprocessing';
import { benchQuantized } from './quantized';
import { benchSerial } from './serial';
import { benchScenes, benchSimulatedStreams } from './simulatedWorld';
import { benchSteadyState } from './steadyState';
import { benchTraining } from './training';

const LARGEST: readonly ImagebindModality[] = ['vision', 'text'];

/** One run of the bench: what its parts need, and tell each other. */
export class Run {
  readonly folder: string;
  readonly isShort: boolean;
  /** By modality, as measured: milliseconds of the fp32 forward with all threads, and how many times as fast int8 is. */
  readonly forwardMillis = new Map<ImagebindModality, number>();
  readonly int8Ratios = new Map<ImagebindModality, number>();

  constructor({ folder, isShort }: { readonly folder: string; readonly isShort: boolean }) {
    this.folder = folder;
    this.isShort = isShort;
  }

  /** A short run leaves out the two largest encoders. */
  get modalities(): readonly ImagebindModality[] {
    return this.isShort ? MODALITIES.filter((modality) => !LARGEST.includes(modality)) : MODALITIES;
  }

  /** Calibration takes minutes with large encoders. */
  get int8Modalities(): readonly ImagebindModality[] {
    return this.isShort ? ['depth', 'imu'] : MODALITIES;
  }

  async forward(modality: ImagebindModality): Promise<Figure> {
    const { folder, isShort } = this;
    const threads = availableParallelism();
    const seconds = isShort ? 10 : 60;
    const { millis, ...figure } = await benchForward({ folder, modality, seconds, threads });
    this.forwardMillis.set(modality, Math.min(millis, this.forwardMillis.get(modality) ?? millis));
    return figure;
  }

  async int8(modality: ImagebindModality): Promise<Figure> {
    const isLarge = LARGEST.includes(modality);
    const size = { rounds: isLarge ? 5 : 9, inputs: isLarge ? 4 : 8 };
    // How fast a virtual machine wakes its cores for each of many short products is not what is asked.
    const figure = await benchQuantized({ folder: this.folder, modality, threads: 1, ...size });
    const { value = 0 } = figure.ratio ?? {};
    this.int8Ratios.set(modality, Math.max(value, this.int8Ratios.get(modality) ?? 0));
    return figure;
  }

  async preprocessing(): Promise<readonly Figure[]> {
    // Its shares are shares of the forward: measured now, where that was not wanted for itself.
    for (const modality of this.modalities) {
      if (!this.forwardMillis.has(modality)) await this.forward(modality);
    }
    return benchPreprocessing({ millis: this.forwardMillis, int8Ratios: this.int8Ratios }, this);
  }
}

/** Something that is measured, and again by itself where it is worse than it should be. */
type Measurement = () => Promise<readonly Figure[]>;

export interface Part {
  readonly name: string;
  /** For the help. */
  readonly what: string;
  /** Why it cannot be measured on this machine. */
  readonly without?: string | false;
  measurements(run: Run): readonly Measurement[];
}

/** In the order of the table. */
export const PARTS: readonly Part[] = [
  {
    name: 'forward',
    what: 'fp32 encoders of full size against bare matrix products',
    measurements: (run) => run.modalities.map((modality) => async () => [await run.forward(modality)]),
  },
  {
    name: 'int8',
    what: 'int8 encoders of full size against fp32: time and agreement',
    measurements: (run) => run.int8Modalities.map((modality) => async () => [await run.int8(modality)]),
  },
  {
    name: 'device-cache',
    what: 'memory and start of a full-size encoder with its prepacked copy',
    measurements: ({ folder, isShort }) => [() => benchDeviceCache({ folder, rounds: isShort ? 3 : 5 })],
  },
  {
    name: 'preprocessing',
    what: 'readings to tensors, as a share of the forward',
    measurements: (run) => [() => run.preprocessing()],
  },
  {
    name: 'event-loop',
    what: 'delay of the event loop while sound is encoded',
    measurements: ({ folder, isShort }) => [one(() => benchEventLoop({ folder, seconds: isShort ? 10 : 30 }))],
  },
  {
    name: 'interpretation',
    what: 'scores, fusion and rules',
    measurements: () => [one(() => benchInterpretation())],
  },
  {
    name: 'devices',
    what: 'a camera and a serial port',
    measurements: ({ folder, isShort }) => {
      const seconds = isShort ? 5 : 15;
      return [one(() => benchCamera({ seconds })), one(() => benchSerial({ folder, seconds }))];
    },
  },
  {
    name: 'world',
    what: 'the simulated world',
    measurements: ({ folder, isShort }) => [
      async () => [benchScenes()],
      one(() => benchSimulatedStreams({ folder, seconds: isShort ? 10 : 30 })),
    ],
  },
  {
    name: 'node',
    what: 'latency, load and memory of a node with a broker',
    without: withoutMosquitto,
    measurements: ({ folder, isShort }) => {
      const seconds = isShort ? 8 : 30;
      return [
        one(() => benchLatency({ folder, isShort, seconds: isShort ? 20 : 60 })),
        () => benchWithoutModel({ folder, seconds }),
        one(() => benchGrowth({ folder, seconds: isShort ? 15 : 240 })),
      ];
    },
  },
  {
    name: 'steady-state',
    what: 'eight sources and the shipped bundle for ten minutes: heap and its collections',
    without: withoutMosquitto,
    measurements: ({ folder, isShort }) => [() => benchSteadyState({ folder, seconds: isShort ? 20 : 600 })],
  },
  {
    name: 'spool',
    what: 'what is kept while a broker is away',
    without: withoutMosquitto,
    measurements: ({ folder, isShort }) => [
      one(() => benchDrain({ events: isShort ? 14_400 : 144_000 })),
      one(() => benchSpooling({ folder, events: isShort ? 36_000 : 144_000 })),
    ],
  },
  {
    name: 'node-red',
    what: 'a flow of the palette in a real Node-RED',
    without: withoutMosquitto,
    measurements: ({ folder, isShort }) => [
      one(() => benchHops({ rounds: isShort ? 500 : 5000 })),
      one(() => benchBusyFlow({ folder, seconds: isShort ? 20 : 300 })),
      // Half an hour at ten times the pace.
      one(() => benchFlowGrowth({ folder, seconds: isShort ? 30 : 180 })),
    ],
  },
  {
    name: 'training',
    what: 'a step of training',
    measurements: ({ isShort }) => [one(() => benchTraining({ rounds: isShort ? 5 : 11 }))],
  },
  {
    name: 'conversion',
    what: 'a checkpoint to a bundle',
    measurements: ({ folder, modalities }) => [() => benchConversion({ folder, modalities })],
  },
];

function one(measure: () => Promise<Figure>): Measurement {
  return async () => [await measure()];
}
