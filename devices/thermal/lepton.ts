import Type from '#typebox';
import type { FrameMemory, ReadingSink } from '../../runtime/reading';
import { declareDevice } from '../device';
import { acquireFloats, wordsOf } from '../frameValues';
import { type PictureDecoder, type PictureTime, V4l2Driver } from '../v4l2Driver';
import { findCameras, V4L2_NEEDS, VideoPath } from '../video4linux';
import { type LeptonTelemetry, readLeptonTelemetry } from './leptonTelemetry';
import { KELVIN_PER_THERMAL_UNIT } from './raw';

/** FLIR Lepton on a PureThermal board: USB id 1e4e:0100 (reference/devices.md §3.1). */
export const lepton = declareDevice({
  kind: 'lepton',
  modality: 'thermal',
  title: 'FLIR Lepton on PureThermal (USB)',
  options: Type.Object(
    {
      kind: Type.Literal('lepton'),
      device: VideoPath,
      model: Type.Optional(
        Type.Enum(['lepton3', 'lepton2'], { description: '160 × 120 or 80 × 60 pixels. Default: lepton3.' }),
      ),
      telemetry: Type.Optional(
        Type.Boolean({ description: 'The camera sends telemetry lines below the picture. Default: false.' }),
      ),
      unit: Type.Optional(
        Type.Enum(['auto', 'cK', 'dK', 'counts'], {
          description:
            'What one step stands for; auto: as telemetry says, else as the first pictures agree on. Default: auto.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  needs: V4L2_NEEDS,
  discover: (ports) => findCameras(ports, { kind: 'lepton', usbIds: ['1e4e:0100'] }),
  open: ({ device, model = 'lepton3', telemetry = false, unit = 'auto' }, { source, clock, memory, ports }) => {
    const layout = LAYOUTS[model];
    const rows = telemetry ? layout.rowsWithTelemetry : layout.height;
    const camera = {
      modality: 'thermal',
      device,
      format: { width: layout.width, height: rows, fourcc: 'Y16 ', bytesPerPixel: 2, rateHz: 9 },
      decoder: () => new LeptonDecoder({ ...layout, source, unit, telemetry, memory }),
    };
    return new V4l2Driver(camera, { clock, startProcess: ports.startProcess });
  },
});

/** Of the picture, and of what the camera sends with telemetry switched on. */
export const LAYOUTS = {
  lepton3: { width: 160, height: 120, rowsWithTelemetry: 122 },
  lepton2: { width: 80, height: 60, rowsWithTelemetry: 63 },
} as const;

export interface LeptonOptions {
  readonly source: string;
  readonly width: number;
  readonly height: number;
  readonly telemetry: boolean;
  readonly unit: 'auto' | 'cK' | 'dK' | 'counts';
  readonly memory: FrameMemory;
}

/** Values of radiometric cameras, where nothing else tells: −53 °C to 327 °C in steps of 0.01 K or 0.1 K. */
const PLAUSIBLE = { cK: [22_000, 60_000], dK: [2200, 6000] } as const;

/** So many pictures in a row must look like the same unit: one alone may show the shutter, or be torn. */
const AGREEING_PICTURES = 3;

type LeptonUnit = 'cK' | 'dK' | 'counts';

export class LeptonDecoder implements PictureDecoder {
  readonly #options: LeptonOptions;
  #unit: LeptonUnit | undefined;
  #candidate: { readonly unit: LeptonUnit; readonly pictures: number } | undefined;
  #lastFrame: number | undefined;

  constructor(options: LeptonOptions) {
    this.#options = options;
  }

  decode(bytes: Uint8Array, time: PictureTime, sink: ReadingSink): void {
    const { source, width, height, memory } = this.#options;
    const words = wordsOf(bytes);
    const telemetry = this.#options.telemetry ? readLeptonTelemetry(words.subarray(width * height)) : undefined;
    const refusal = this.#refusal(telemetry);
    if (refusal !== undefined) {
      sink.lost(refusal, 1);
      return;
    }
    const count = width * height;
    const unit = this.#unitOf(words.subarray(0, count), telemetry);
    if (unit === undefined) {
      sink.lost('invalid', 1);
      return;
    }
    const room = acquireFloats(memory, count);
    if (room === undefined) {
      sink.lost('memory', 1);
      return;
    }
    const scale = unit === 'counts' ? 1 : KELVIN_PER_THERMAL_UNIT[unit];
    for (let index = 0; index < count; index++) room.values[index] = (words[index] ?? 0) * scale;
    try {
      sink.reading({
        ...time,
        ...room,
        source,
        modality: 'thermal',
        width,
        height,
        unit: unit === 'counts' ? 'counts' : 'K',
      });
    } finally {
      room.frame.release();
    }
  }

  /** The shutter is closed during a flat-field correction: the picture shows the shutter. */
  #refusal(telemetry: LeptonTelemetry | undefined): 'invalid' | 'duplicate' | undefined {
    if (telemetry === undefined) return undefined;
    const isRepeated = telemetry.frame === this.#lastFrame;
    this.#lastFrame = telemetry.frame;
    if (telemetry.isCorrecting) return 'invalid';
    return isRepeated ? 'duplicate' : undefined;
  }

  /**
   * Without telemetry the first pictures of a run decide, and are left out until they agree: a unit that changes with the
   * scene would be worse than none.
   */
  #unitOf(picture: Uint16Array, telemetry: LeptonTelemetry | undefined): LeptonUnit | undefined {
    const { unit } = this.#options;
    if (unit !== 'auto') return unit;
    if (telemetry !== undefined) return telemetry.unit;
    if (this.#unit !== undefined) return this.#unit;
    const plausible = plausibleUnit(picture);
    const before = this.#candidate?.unit === plausible ? this.#candidate.pictures : 0;
    this.#candidate = { unit: plausible, pictures: before + 1 };
    if (this.#candidate.pictures === AGREEING_PICTURES) this.#unit = plausible;
    return this.#unit;
  }
}

function plausibleUnit(picture: Uint16Array): LeptonUnit {
  const median = picture.slice().sort()[picture.length >> 1] ?? 0;
  const isWithin = ([least, most]: readonly [number, number]): boolean => median >= least && median <= most;
  if (isWithin(PLAUSIBLE.cK)) return 'cK';
  return isWithin(PLAUSIBLE.dK) ? 'dK' : 'counts';
}
