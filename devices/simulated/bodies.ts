import type { Builder } from './stage';

/** Warmth of clothes and of skin, as a thermal camera sees them from across a room. */
const CLOTHES_KELVIN = 302;
const SKIN_KELVIN = 306.5;

/** Somebody on their feet. `stride` 0 … 1: how far the legs are apart, ahead and behind. */
export function standingPerson(
  builder: Builder,
  {
    x,
    z,
    stride,
    height = builder.random.between(1.55, 1.9),
  }: { x: number; z: number; stride: number; height?: number },
): void {
  const scale = height / 1.75;
  const top = builder.anyColour();
  const trousers = builder.nearly([55, 55, 75], 45);
  const skin = builder.nearly([190, 142, 112], 45);
  const warm = CLOTHES_KELVIN + builder.random.between(-1.2, 1.5);
  const step = 0.32 * stride;
  for (const side of [-1, 1]) {
    const hip = [x + side * 0.1, 0.88 * scale, z] as const;
    const foot = [x + side * (0.12 + step), 0.08, z - side * step * 0.6] as const;
    builder.rod({ from: hip, to: foot, radius: 0.085 * scale, colour: trousers, kelvin: warm - 1 });
    const shoulder = [x + side * 0.22, 1.38 * scale, z] as const;
    const hand = [x + side * (0.27 + 0.5 * step), 0.85 * scale, z + side * step * 0.5] as const;
    builder.rod({ from: shoulder, to: hand, radius: 0.055 * scale, colour: top, kelvin: warm });
    builder.ball({ at: hand, radii: [0.06, 0.06, 0.06], colour: skin, kelvin: SKIN_KELVIN - 1.5 });
  }
  builder.ball({ at: [x, 1.15 * scale, z], radii: [0.23, 0.34 * scale, 0.15], colour: top, kelvin: warm });
  builder.ball({ at: [x, 1.62 * scale, z], radii: [0.11, 0.14, 0.12], colour: skin, kelvin: SKIN_KELVIN });
}

/** Somebody on the floor, along the picture. */
export function lyingPerson(builder: Builder, { x, z }: { readonly x: number; readonly z: number }): void {
  const { random } = builder;
  const way = random.chance(0.5) ? 1 : -1;
  const scale = random.between(0.9, 1.1);
  const tilt = random.between(-0.2, 0.2);
  const top = builder.anyColour();
  const trousers = builder.nearly([55, 55, 75], 45);
  const skin = builder.nearly([190, 142, 112], 45);
  const warm = CLOTHES_KELVIN + random.between(-1.2, 1.5);
  const at = (along: number, high: number, aside = 0): readonly [number, number, number] => [
    x + way * along * scale,
    high,
    z + tilt * along + aside,
  ];
  builder.rod({ from: at(-0.25, 0.17), to: at(0.25, 0.18), radius: 0.18, colour: top, kelvin: warm });
  builder.ball({ at: at(0.6, 0.14), radii: [0.15, 0.13, 0.12], colour: skin, kelvin: SKIN_KELVIN });
  builder.rod({
    from: at(-0.35, 0.13, -0.08),
    to: at(-1.1, 0.09, -0.25),
    radius: 0.09,
    colour: trousers,
    kelvin: warm - 1,
  });
  builder.rod({
    from: at(-0.35, 0.13, 0.08),
    to: at(-0.75, 0.3, 0.1),
    radius: 0.09,
    colour: trousers,
    kelvin: warm - 1,
  });
  builder.rod({
    from: at(-0.75, 0.3, 0.1),
    to: at(-1.05, 0.09, 0.15),
    radius: 0.08,
    colour: trousers,
    kelvin: warm - 1,
  });
  builder.rod({ from: at(0.3, 0.12, -0.15), to: at(0.75, 0.06, -0.45), radius: 0.055, colour: top, kelvin: warm });
  builder.ball({ at: at(0.8, 0.06, -0.48), radii: [0.07, 0.05, 0.06], colour: skin, kelvin: SKIN_KELVIN - 1.5 });
}
