import { Random, seedOf } from './random';
import type { RoomKind } from './rooms';
import type { Climate, Space } from './scene';
import type { Things } from './shapes';
import { Builder, HALF_VIEW } from './stage';

/** Where a piece stands: on the floor at x and z, or on the back wall at x. */
interface Spot {
  readonly x: number;
  readonly z: number;
  readonly space: Space;
  readonly climate: Climate;
}

/** Something that stands about whatever happens. */
interface Piece {
  /** Rooms in which it is usual. */
  readonly rooms: readonly string[];
  /** How often it is elsewhere. */
  readonly elsewhere: number;
  build(builder: Builder, spot: Spot): void;
}

/** How often a piece is in a room in which it is usual. */
const USUAL = 0.55;

/** Most pieces of one scene: more would hide what happens. */
const MOST_PIECES = 3;

/** What stands in a room: usual pieces, loose clutter, and decoys that look like parts of an event. */
export function furnish(seed: number, scene: { room: RoomKind; space: Space; climate: Climate }): Things {
  const random = new Random(seedOf(seed, 'furniture'));
  const builder = new Builder(random, scene.climate.ambientKelvin);
  const spot = (): Spot => ({ ...scene, ...place(random, scene.space) });
  let left = MOST_PIECES;
  for (const piece of random.shuffled(PIECES)) {
    const isHere = random.chance(piece.rooms.includes(scene.room.id) ? USUAL : piece.elsewhere);
    if (!isHere || left === 0) continue;
    left--;
    piece.build(builder, spot());
  }
  for (let count = random.integer(3); count > 0; count--) clutter(builder, spot());
  return builder.things();
}

/** Mostly far away or at the sides. */
function place(random: Random, { halfWidth, depth }: Space): { readonly x: number; readonly z: number } {
  const z = random.between(0.6, 1) * (depth - 0.4);
  const side = random.chance(0.5) ? 1 : -1;
  const reach = Math.min(halfWidth - 0.3, HALF_VIEW * z);
  return { x: side * reach * random.between(0.25, 1), z };
}

function clutter(builder: Builder, { x, z }: Spot): void {
  const { random } = builder;
  const size = random.between(0.1, 0.32);
  const colour = builder.anyColour();
  const form = random.integer(3);
  if (form === 0) {
    const half = [random.between(0.1, 0.32), size, random.between(0.1, 0.32)] as const;
    builder.box({ at: [x, size, z], half, colour, yaw: random.between(0, 0.25) });
  } else if (form === 1) builder.ball({ at: [x, size, z], radii: [size * 0.8, size, size * 0.8], colour });
  else builder.rod({ from: [x, 0.05, z], to: [x, 0.05 + 3 * size, z], radius: size * 0.4, colour });
}

const PIECES: readonly Piece[] = [
  { rooms: ['office', 'classroom', 'laboratory', 'kitchen'], elsewhere: 0.1, build: table },
  { rooms: ['office', 'classroom', 'lobby'], elsewhere: 0.1, build: chair },
  { rooms: ['office', 'workshop', 'warehouse', 'cellar'], elsewhere: 0.12, build: shelf },
  { rooms: ['bedroom'], elsewhere: 0.03, build: bed },
  { rooms: ['kitchen', 'laboratory'], elsewhere: 0.06, build: counter },
  { rooms: ['bathroom'], elsewhere: 0.02, build: tub },
  { rooms: ['lobby', 'office', 'classroom'], elsewhere: 0.1, build: plant },
  { rooms: ['warehouse', 'garage'], elsewhere: 0.1, build: stack },
  { rooms: ['corridor', 'workshop', 'garage'], elsewhere: 0.12, build: locker },
  { rooms: ['bedroom', 'office', 'classroom', 'kitchen'], elsewhere: 0.15, build: window },
  { rooms: ['corridor', 'lobby', 'cellar', 'office'], elsewhere: 0.2, build: door },
  { rooms: ['corridor', 'warehouse'], elsewhere: 0.15, build: darkLamp },
  { rooms: ['cellar', 'bathroom', 'workshop'], elsewhere: 0.12, build: pipe },
  { rooms: ['bedroom', 'bathroom', 'classroom'], elsewhere: 0.15, build: radiator },
  { rooms: ['bathroom', 'bedroom', 'lobby'], elsewhere: 0.15, build: mat },
  { rooms: ['garage', 'workshop'], elsewhere: 0.08, build: stain },
  { rooms: ['garage', 'workshop'], elsewhere: 0.08, build: orangeThing },
  { rooms: ['laboratory', 'lobby'], elsewhere: 0.08, build: litScreen },
];

function table(builder: Builder, { x, z }: Spot): void {
  const { random } = builder;
  const wood = builder.nearly([150, 120, 85], 40);
  const [wide, deep, high] = [random.between(0.4, 0.75), random.between(0.25, 0.4), random.between(0.65, 0.8)];
  builder.box({ at: [x, high, z], half: [wide, 0.03, deep], colour: wood });
  for (const side of [-1, 1]) {
    builder.box({ at: [x + side * (wide - 0.06), high / 2, z], half: [0.04, high / 2, deep - 0.05], colour: wood });
  }
  if (random.chance(0.5)) builder.box({ at: [x, high + 0.15, z], half: [0.2, 0.13, 0.03], colour: [24, 26, 32] });
}

function chair(builder: Builder, { x, z }: Spot): void {
  const colour = builder.anyColour();
  builder.box({ at: [x, 0.45, z], half: [0.2, 0.04, 0.2], colour });
  builder.box({ at: [x, 0.75, z + 0.18], half: [0.2, 0.26, 0.03], colour });
  builder.rod({ from: [x, 0.04, z], to: [x, 0.42, z], radius: 0.05, colour: [60, 60, 64] });
}

function shelf(builder: Builder, { x, z }: Spot): void {
  const colour = builder.nearly([120, 110, 100], 40);
  for (const side of [-1, 1]) builder.box({ at: [x + side * 0.5, 0.9, z], half: [0.03, 0.9, 0.2], colour });
  for (const high of [0.3, 0.9, 1.5]) {
    builder.box({ at: [x, high, z], half: [0.5, 0.025, 0.2], colour });
    const thing = builder.random.between(0.06, 0.2);
    const at = [x + builder.random.between(-0.3, 0.3), high + thing, z] as const;
    builder.box({ at, half: [builder.random.between(0.08, 0.2), thing, 0.12], colour: builder.anyColour() });
  }
}

function bed(builder: Builder, { x, z }: Spot): void {
  builder.box({ at: [x, 0.2, z], half: [0.75, 0.2, 0.5], colour: builder.nearly([120, 90, 60], 30) });
  builder.box({ at: [x, 0.45, z], half: [0.73, 0.09, 0.48], colour: builder.nearly([215, 210, 215], 30) });
  builder.box({ at: [x - 0.5, 0.57, z], half: [0.18, 0.06, 0.3], colour: builder.nearly([235, 235, 235], 15) });
}

function counter(builder: Builder, { x, space }: Spot): void {
  const z = space.depth - 0.35;
  builder.box({ at: [x, 0.43, z], half: [0.9, 0.43, 0.3], colour: builder.nearly([205, 200, 190], 40) });
  builder.box({ at: [x, 0.89, z], half: [0.93, 0.03, 0.32], colour: builder.nearly([90, 85, 80], 40) });
}

function tub(builder: Builder, { x, z }: Spot): void {
  builder.box({ at: [x, 0.28, z], half: [0.75, 0.28, 0.38], colour: builder.nearly([232, 236, 238], 12) });
  builder.box({ at: [x, 0.555, z], half: [0.65, 0.01, 0.28], colour: builder.nearly([180, 192, 200], 12) });
}

function plant(builder: Builder, { x, z }: Spot): void {
  builder.rod({ from: [x, 0.1, z], to: [x, 0.25, z], radius: 0.14, colour: builder.nearly([150, 90, 60], 30) });
  const { random } = builder;
  for (let leaf = 0; leaf < 3; leaf++) {
    const at = [x + random.between(-0.15, 0.15), random.between(0.6, 1), z] as const;
    builder.ball({ at, radii: [0.2, 0.24, 0.2], colour: builder.nearly([50, 120, 50], 30) });
  }
}

function stack(builder: Builder, { x, z }: Spot): void {
  const size = builder.random.between(0.2, 0.32);
  for (let level = 0; level < 2 + builder.random.integer(3); level++) {
    const at = [x, size * (2 * level + 1), z] as const;
    builder.box({ at, half: [size * 1.2, size, size], colour: builder.nearly([175, 138, 92], 25) });
  }
}

function locker(builder: Builder, { x, z }: Spot): void {
  const colour = builder.nearly([110, 118, 128], 40);
  builder.box({ at: [x, 0.9, z], half: [0.35, 0.9, 0.25], colour });
  builder.box({ at: [x, 0.9, z - 0.26], half: [0.008, 0.86, 0.01], colour: [50, 52, 58] });
}

function window(builder: Builder, { x, space, climate }: Spot): void {
  const pane = builder.nearly([150, 185, 210], 35);
  const frame = builder.nearly([225, 222, 215], 20);
  const z = space.depth - 0.03;
  const kelvin = climate.ambientKelvin + 0.25 * (climate.outdoorKelvin - climate.ambientKelvin);
  builder.box({ at: [x, 1.5, z], half: [0.68, 0.53, 0.02], colour: frame });
  for (const side of [-1, 1]) {
    builder.box({ at: [x + side * 0.32, 1.5, z - 0.02], half: [0.29, 0.46, 0.01], colour: pane, glow: 0.3, kelvin });
  }
}

function door(builder: Builder, { x, space }: Spot): void {
  const z = space.depth - 0.03;
  builder.box({ at: [x, 1.03, z], half: [0.48, 1.03, 0.02], colour: builder.nearly([70, 62, 56], 25) });
  builder.box({ at: [x, 1, z - 0.03], half: [0.43, 1, 0.02], colour: builder.nearly([140, 100, 66], 50) });
  builder.ball({ at: [x + 0.35, 1, z - 0.07], radii: [0.04, 0.04, 0.04], colour: [205, 195, 120] });
}

function darkLamp(builder: Builder, { x, space }: Spot): void {
  const [high, z] = [builder.random.between(1.9, 2.2), space.depth - 0.12];
  builder.ball({ at: [x, high, z], radii: [0.17, 0.17, 0.1], colour: builder.nearly([120, 22, 20], 20) });
}

function pipe(builder: Builder, { x, space, climate }: Spot): void {
  const [high, z] = [builder.random.between(1.2, 2), space.depth - 0.15];
  const kelvin = climate.ambientKelvin + builder.random.between(-4, 8);
  const colour = builder.nearly([150, 150, 158], 30);
  builder.rod({ from: [x - 0.9, high, z], to: [x + 0.9, high, z], radius: 0.06, colour, kelvin });
}

function radiator(builder: Builder, { x, space, climate }: Spot): void {
  const kelvin = climate.ambientKelvin + builder.random.between(2, 14);
  const at = [x, 0.4, space.depth - 0.1] as const;
  builder.box({ at, half: [0.5, 0.3, 0.05], colour: builder.nearly([228, 228, 224], 15), kelvin });
}

function mat(builder: Builder, { x, z }: Spot): void {
  const half = [builder.random.between(0.35, 0.7), 0.008, builder.random.between(0.25, 0.5)] as const;
  builder.box({ at: [x, 0.008, z], half, colour: builder.anyColour(), yaw: builder.random.between(0, 0.25) });
}

function stain(builder: Builder, { x, z }: Spot): void {
  const radii = [builder.random.between(0.2, 0.4), 0.006, builder.random.between(0.15, 0.3)] as const;
  builder.ball({ at: [x, 0.006, z], radii, colour: builder.nearly([60, 56, 54], 20) });
}

function orangeThing(builder: Builder, { x, z }: Spot): void {
  const size = builder.random.between(0.14, 0.24);
  const colour = [240, builder.random.between(100, 160), 25] as const;
  builder.ball({ at: [x, size, z], radii: [size, size * 1.3, size], colour });
}

function litScreen(builder: Builder, { x, space, climate }: Spot): void {
  const at = [x, 1.4, space.depth - 0.05] as const;
  const kelvin = climate.ambientKelvin + builder.random.between(1, 5);
  builder.box({ at, half: [0.45, 0.27, 0.03], colour: builder.anyColour(), glow: 0.9, kelvin });
}
