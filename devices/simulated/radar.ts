import { clamp, exponential, fromDecibels } from './maths';
import { Random, seedOf } from './random';
import { type Happening, perceivedBy, type Scene } from './scene';
import { Stage } from './stage';

export const RADAR_BINS = 128;
export const RADAR_BIN_METRES = 0.0625;

/** Something that throws the radar's waves back. */
export interface Echo {
  readonly metres: number;
  readonly strength: number;
  /** How far it is smeared over the distances. Default: less than one bin. */
  readonly spreadMetres?: number;
}

/**
 * Echo strength over distance: {@link RADAR_BINS} values, each {@link RADAR_BIN_METRES} on, as a small FMCW radar gives
 * them after its transform. Linear, without unit.
 */
export function renderRadar(
  whole: Scene,
  options: { readonly atSeconds: number; readonly frame?: number },
): Float32Array {
  const scene = perceivedBy(whole, 'radar');
  const random = new Random(seedOf(scene.seed, 'radar'));
  const gain = fromDecibels(random.between(-6, 6));
  const profile = new Float32Array(RADAR_BINS);
  const add = (echo: Echo): void => addEcho(profile, echo);
  // Of the antenna itself.
  add({ metres: 0.03, strength: random.between(0.5, 2), spreadMetres: 0.06 });
  add({ metres: scene.space.depth, strength: random.between(0.4, 1.4), spreadMetres: random.between(0.02, 0.12) });
  for (const solid of scene.furniture.solids) {
    const metres = solid.shape === 'rod' ? solid.from[2] : solid.at[2];
    add({ metres, strength: random.between(0.02, 0.2), spreadMetres: random.between(0.02, 0.1) });
  }
  for (const happening of scene.happenings) echoesOf(scene, happening, options.atSeconds).forEach(add);
  const noise = new Random(seedOf(scene.seed, 'radar noise', options.frame ?? 0));
  const floor = random.between(0.01, 0.05);
  for (let bin = 0; bin < RADAR_BINS; bin++) {
    const real = (profile[bin] ?? 0) + floor * noise.bell();
    const imaginary = floor * noise.bell();
    profile[bin] = gain * Math.sqrt(real * real + imaginary * imaginary);
  }
  return profile;
}

function echoesOf(scene: Scene, happening: Happening, atSeconds: number): readonly Echo[] {
  const { startSeconds, endSeconds, event } = happening;
  if (atSeconds < startSeconds || atSeconds >= endSeconds) return [];
  return event.echoes?.(new Stage(scene, happening, atSeconds)) ?? [];
}

/** Weaker with the distance, but for the gain that small radars put on far bins: together a square root is left. */
function addEcho(profile: Float32Array, { metres, strength, spreadMetres = 0 }: Echo): void {
  const width = Math.sqrt(spreadMetres * spreadMetres + 0.05 * 0.05);
  const first = Math.max(0, Math.floor((metres - 4 * width) / RADAR_BIN_METRES));
  const last = Math.min(RADAR_BINS - 1, Math.ceil((metres + 4 * width) / RADAR_BIN_METRES));
  const level = strength / Math.sqrt(clamp(metres, 0.5, 10));
  for (let bin = first; bin <= last; bin++) {
    const offset = (bin * RADAR_BIN_METRES - metres) / width;
    profile[bin] = (profile[bin] ?? 0) + level * exponential(-0.5 * offset * offset);
  }
}
