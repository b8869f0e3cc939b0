import type { Colour } from './shapes';

/** How a floor or a wall is patterned. */
export type Pattern = 'plain' | 'tiles' | 'planks' | 'stripes' | 'speckle';

/** A kind of room. Sizes and colours vary inside a kind, so that neither gives it away. */
export interface RoomKind {
  readonly id: string;
  /** As captions call it. */
  readonly name: string;
  readonly wall: Colour;
  readonly floor: Colour;
  readonly floors: readonly [Pattern, ...Pattern[]];
  /** Half of the width, depth and height in metres: least and most. */
  readonly halfWidth: readonly [number, number];
  readonly depth: readonly [number, number];
  readonly height: readonly [number, number];
  /** How long sound lives in it, in seconds. */
  readonly echoSeconds: number;
}

export const rooms: readonly [RoomKind, ...RoomKind[]] = [
  {
    id: 'office',
    name: 'office',
    wall: [205, 202, 194],
    floor: [112, 104, 100],
    floors: ['speckle', 'plain'],
    halfWidth: [1.9, 3.2],
    depth: [3.8, 5.2],
    height: [2.4, 2.9],
    echoSeconds: 0.2,
  },
  {
    id: 'corridor',
    name: 'corridor',
    wall: [214, 214, 204],
    floor: [150, 150, 156],
    floors: ['tiles', 'plain'],
    halfWidth: [1.3, 1.8],
    depth: [4.6, 6],
    height: [2.4, 2.9],
    echoSeconds: 0.5,
  },
  {
    id: 'warehouse',
    name: 'warehouse',
    wall: [152, 158, 164],
    floor: [126, 126, 122],
    floors: ['plain', 'stripes'],
    halfWidth: [3.5, 5],
    depth: [4.8, 6.2],
    height: [4, 6],
    echoSeconds: 0.9,
  },
  {
    id: 'kitchen',
    name: 'kitchen',
    wall: [234, 226, 202],
    floor: [182, 162, 140],
    floors: ['tiles', 'planks'],
    halfWidth: [1.7, 2.8],
    depth: [3.6, 4.8],
    height: [2.4, 2.8],
    echoSeconds: 0.25,
  },
  {
    id: 'workshop',
    name: 'workshop',
    wall: [166, 152, 132],
    floor: [96, 96, 92],
    floors: ['speckle', 'plain'],
    halfWidth: [2.4, 4],
    depth: [4, 5.6],
    height: [2.8, 4],
    echoSeconds: 0.4,
  },
  {
    id: 'garage',
    name: 'garage',
    wall: [140, 142, 146],
    floor: [82, 82, 86],
    floors: ['plain', 'speckle'],
    halfWidth: [2.2, 3.6],
    depth: [4, 5.4],
    height: [2.4, 3],
    echoSeconds: 0.6,
  },
  {
    id: 'lobby',
    name: 'lobby',
    wall: [220, 210, 190],
    floor: [190, 182, 170],
    floors: ['tiles', 'plain'],
    halfWidth: [2.8, 4.5],
    depth: [4.6, 6],
    height: [3, 4.5],
    echoSeconds: 0.7,
  },
  {
    id: 'laboratory',
    name: 'laboratory',
    wall: [224, 232, 236],
    floor: [170, 180, 186],
    floors: ['plain', 'tiles'],
    halfWidth: [2, 3.4],
    depth: [3.8, 5.4],
    height: [2.6, 3.2],
    echoSeconds: 0.3,
  },
  {
    id: 'bedroom',
    name: 'bedroom',
    wall: [206, 196, 210],
    floor: [166, 132, 96],
    floors: ['planks', 'plain'],
    halfWidth: [1.7, 2.6],
    depth: [3.6, 4.8],
    height: [2.3, 2.7],
    echoSeconds: 0.12,
  },
  {
    id: 'bathroom',
    name: 'bathroom',
    wall: [196, 222, 226],
    floor: [140, 160, 170],
    floors: ['tiles'],
    halfWidth: [1.3, 2.1],
    depth: [3.4, 4.4],
    height: [2.3, 2.7],
    echoSeconds: 0.55,
  },
  {
    id: 'cellar',
    name: 'cellar',
    wall: [128, 118, 106],
    floor: [100, 92, 84],
    floors: ['speckle', 'plain'],
    halfWidth: [1.8, 3.2],
    depth: [3.8, 5.4],
    height: [2.1, 2.5],
    echoSeconds: 0.5,
  },
  {
    id: 'classroom',
    name: 'classroom',
    wall: [200, 212, 186],
    floor: [150, 116, 84],
    floors: ['planks', 'speckle'],
    halfWidth: [2.6, 4],
    depth: [4.4, 5.8],
    height: [2.7, 3.4],
    echoSeconds: 0.4,
  },
];
