/**
 * The made-up noise behind fixtures: one byte a step, the upper 8 bits of the generator
 * `x → x · 1664525 + 1013904223 mod 2³²` (Numerical Recipes), so that other programs can make the same.
 */
export function noise(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}
