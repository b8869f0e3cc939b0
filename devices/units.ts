/** Metres per second squared. Vendors' samples use 9.8 or 9.81; differences of 0.07 % are not bugs. */
export const STANDARD_GRAVITY = 9.80665;
