/** Values in [-1, 1), the same each time: a linear congruential generator (Numerical Recipes, 3rd ed., §7.1). */
export function noise(count: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state / 2 ** 31;
  });
}
