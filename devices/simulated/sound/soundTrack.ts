import { clamp, exponential, fromDecibels } from '../maths';
import { Random, seedOf } from '../random';
import type { Happening, Scene } from '../scene';
import { Stage } from '../stage';
import { backgroundVoices } from './background';
import { CONTROL_SAMPLES, SOUND_RATE_HZ, type Voice } from './voice';

/** An event comes up and dies down within this time, so that it makes no click of its own. */
const FADE_SAMPLES = 160;

/** After its end the echoes of a sudden event are still heard for this long. */
const AFTERGLOW_SECONDS = 1;

interface Playing {
  readonly voices: readonly Voice[];
  readonly firstSample: number;
  readonly endSample: number;
  readonly gain: number;
}

/** The samples of a scene one block after another, as a microphone would hear them: 16 kHz, PCM in [-1, 1]. */
export class SoundTrack {
  readonly #scene: Scene;
  readonly #background: readonly Voice[];
  readonly #gain: number;
  readonly #echoes: Echoes;
  readonly #playing = new Map<Happening, Playing>();
  #sample: number;

  /** @param scene - As the microphone perceives it; its happenings may be given anew with each block. */
  constructor(scene: Scene, options: { readonly fromSeconds: number }) {
    this.#scene = scene;
    this.#background = backgroundVoices(scene);
    this.#gain = fromDecibels(scene.soundscape.gainDecibels);
    this.#echoes = new Echoes(scene);
    this.#sample = toSample(options.fromSeconds);
  }

  /**
   * The next samples.
   *
   * @param samples - A multiple of {@link CONTROL_SAMPLES}.
   * @param happenings - Those that are under way in this time.
   */
  next(samples: number, happenings: readonly Happening[]): Float32Array {
    const first = this.#sample;
    const block = new Float32Array(samples);
    for (const happening of happenings) if (!this.#playing.has(happening)) this.#start(happening);
    const part = new Float32Array(samples);
    for (const [happening, playing] of this.#playing) {
      addPlaying(playing, { block, part, first });
      if (playing.endSample <= first + samples) this.#playing.delete(happening);
    }
    this.#echoes.add(block);
    for (const voice of this.#background) voice.add(block, first);
    for (let index = 0; index < samples; index++) block[index] = clamp((block[index] ?? 0) * this.#gain, -1, 1);
    this.#sample = first + samples;
    return block;
  }

  #start(happening: Happening): void {
    const { event, startSeconds, endSeconds, strength } = happening;
    const stage = new Stage(this.#scene, happening, startSeconds);
    const distance = 1 + Math.sqrt(stage.x * stage.x + stage.z * stage.z);
    this.#playing.set(happening, {
      voices: event.sound?.(stage) ?? [],
      firstSample: toSample(startSeconds),
      endSample: toSample(endSeconds) + (event.onset === 'sudden' ? AFTERGLOW_SECONDS * SOUND_RATE_HZ : 0),
      gain: ((0.5 + 0.5 * strength) * 1.6) / Math.sqrt(distance),
    });
  }
}

function addPlaying(
  { voices, firstSample, endSample, gain }: Playing,
  { block, part, first }: { readonly block: Float32Array; readonly part: Float32Array; readonly first: number },
): void {
  const from = Math.max(0, firstSample - first);
  if (from >= block.length) return;
  const own = part.subarray(from).fill(0);
  const own0 = first + from - firstSample;
  for (const voice of voices) voice.add(own, own0);
  for (let index = 0; index < own.length; index++) {
    const fade = clamp(Math.min(own0 + index, endSample - first - from - index) / FADE_SAMPLES, 0, 1);
    block[from + index] = (block[from + index] ?? 0) + gain * fade * (own[index] ?? 0);
  }
}

/** Times are cut to {@link CONTROL_SAMPLES}, so that an event's blocks are multiples of it. */
function toSample(seconds: number): number {
  return Math.floor((Math.min(seconds, 1e9) * SOUND_RATE_HZ) / CONTROL_SAMPLES) * CONTROL_SAMPLES;
}

const ECHOES = 8;

/** Walls throw a sound back: a few delays, fainter the later they come. */
class Echoes {
  readonly #delays: readonly { readonly samples: number; readonly level: number }[];
  /** The sound before the block, as far back as the longest delay. */
  #past: Float32Array;

  constructor({ seed, room }: Scene) {
    const random = new Random(seedOf(seed, 'echoes'));
    const length = room.echoSeconds * random.between(0.7, 1.3);
    this.#delays = Array.from({ length: ECHOES }, () => {
      const seconds = random.between(0.008, length);
      const sign = random.chance(0.5) ? 1 : -1;
      return {
        samples: Math.round(seconds * SOUND_RATE_HZ),
        level: sign * 0.4 * exponential((-3 * seconds) / length),
      };
    });
    this.#past = new Float32Array(Math.max(...this.#delays.map(({ samples }) => samples)));
  }

  /** Adds the echoes of what came before to a block without echoes. */
  add(block: Float32Array): void {
    const before = this.#past.length;
    const sound = new Float32Array(before + block.length);
    sound.set(this.#past);
    sound.set(block, before);
    for (const { samples, level } of this.#delays) {
      for (let index = 0; index < block.length; index++) {
        block[index] = (block[index] ?? 0) + level * (sound[before + index - samples] ?? 0);
      }
    }
    this.#past = sound.slice(block.length);
  }
}
