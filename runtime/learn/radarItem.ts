/** About the noise floor of the simulated radar, in its own unit: what lies below it says nothing. */
const FLOOR = 0.02;
const MEAN = -2.6;
const DEVIATION = 0.9;

/**
 * A range profile as an item: the logarithm of the echo strengths, since a radar's gain differs from one to the next and
 * a logarithm makes of it a shift; brought to about mean 0 and deviation 1 by constants, the same for every profile.
 */
export function radarItem(profile: Float32Array): Float32Array {
  return profile.map((strength) => (Math.log(strength + FLOOR) - MEAN) / DEVIATION);
}
