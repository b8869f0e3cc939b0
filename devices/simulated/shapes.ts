/** x to the right, y up, z ahead, in metres; the camera stands above the origin. */
export type Point = readonly [x: number, y: number, z: number];

/** Red, green and blue of 0 … 255, as the surface shows them in white light of strength 1. */
export type Colour = readonly [red: number, green: number, blue: number];

interface Surface {
  readonly colour: Colour;
  readonly kelvin: number;
  /** 0: lit by the room only. 1: shows its colour in the dark too. Above: brighter than that. */
  readonly glow: number;
}

export interface Box extends Surface {
  readonly shape: 'box';
  readonly at: Point;
  /** Half of its size along each axis, before it is turned. */
  readonly half: Point;
  /** Turned about the vertical axis: cosine and sine. */
  readonly cosine: number;
  readonly sine: number;
}

/** An ellipsoid along the axes. */
export interface Ball extends Surface {
  readonly shape: 'ball';
  readonly at: Point;
  readonly radii: Point;
}

/** A cylinder with round ends. */
export interface Rod extends Surface {
  readonly shape: 'rod';
  readonly from: Point;
  readonly to: Point;
  readonly radius: number;
}

export type Solid = Box | Ball | Rod;

/** Smoke, steam or flame: an ellipsoid that is seen through in part. */
export interface Cloud extends Surface {
  readonly at: Point;
  readonly radii: Point;
  /** Opacity a metre: e^-density of the light behind a metre of it comes through. */
  readonly density: number;
}

/** Light of one colour on everything near it. */
export interface Lamp {
  readonly at: Point;
  readonly colour: Colour;
  readonly power: number;
}

/** What there is to see, to measure the distance of, and to feel the warmth of. */
export interface Things {
  readonly solids: readonly Solid[];
  readonly clouds: readonly Cloud[];
  readonly lamps: readonly Lamp[];
}
