/** 0 to 255 each. */
export type Colour = readonly [red: number, green: number, blue: number];

/** Dark blue over red to white: cold to hot. */
const HEAT: readonly Colour[] = [
  [0, 0, 60],
  [90, 0, 140],
  [220, 40, 60],
  [255, 160, 20],
  [255, 255, 220],
];

/** Red over green to blue: near to far. */
const DISTANCE: readonly Colour[] = [
  [220, 40, 30],
  [240, 190, 40],
  [60, 190, 90],
  [40, 90, 200],
  [30, 20, 90],
];

/** @param share - 0 is the coldest of the picture, 1 the hottest. */
export function thermalColour(share: number): Colour {
  return gradient(HEAT, share);
}

/** @param metres - 0 is missing, and black. */
export function depthColour(metres: number, range: { readonly least: number; readonly most: number }): Colour {
  if (metres <= 0) return [0, 0, 0];
  return gradient(DISTANCE, (metres - range.least) / Math.max(1e-6, range.most - range.least));
}

function gradient(stops: readonly Colour[], share: number): Colour {
  const place = Math.max(0, Math.min(1, Number.isFinite(share) ? share : 0)) * (stops.length - 1);
  const [from, to] = [stops[Math.floor(place)], stops[Math.ceil(place)]];
  if (from === undefined || to === undefined) return [0, 0, 0];
  const part = place - Math.floor(place);
  const mix = (channel: 0 | 1 | 2): number => Math.round(from[channel] + (to[channel] - from[channel]) * part);
  return [mix(0), mix(1), mix(2)];
}
