import type { Flag } from '../reading';

/** Bits of `q` in `emb/1` and `scores/1`. Part of the contract: never renumbered, never reused. */
export const FLAG_BITS = {
  clipped: 1 << 0,
  'partial-window': 1 << 1,
  interpolated: 1 << 2,
  simulated: 1 << 3,
  replayed: 1 << 4,
  gap: 1 << 5,
  overrun: 1 << 6,
  silent: 1 << 7,
  untrained: 1 << 8,
  'holes-filled': 1 << 9,
  unverified: 1 << 10,
  'axes-missing': 1 << 11,
  'source-missing': 1 << 12,
  stale: 1 << 13,
} as const satisfies Record<Flag, number>;

export function bitsOfFlags(flags: readonly Flag[]): number {
  return flags.reduce((bits, flag) => bits | FLAG_BITS[flag], 0);
}

/** The flags that are known here; bits of newer versions are passed over. */
export function flagsOfBits(bits: number): Flag[] {
  return (Object.keys(FLAG_BITS) as Flag[]).filter((flag) => (bits & FLAG_BITS[flag]) !== 0);
}
