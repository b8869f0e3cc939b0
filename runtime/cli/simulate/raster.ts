import { letterRows } from './letters';

export type Rgb = readonly [red: number, green: number, blue: number];

/** A rectangle of pixels. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A picture that is drawn into: 8-bit RGB, row-major. */
export class Raster {
  readonly rgb: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.rgb = new Uint8Array(width * height * 3);
  }

  set(x: number, y: number, colour: Rgb): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    this.rgb.set(colour, (y * this.width + x) * 3);
  }

  fill({ left, top, width, height }: Area, colour: Rgb): void {
    for (let y = top; y < top + height; y++) for (let x = left; x < left + width; x++) this.set(x, y, colour);
  }

  /** A frame of one pixel just outside of an area. */
  frame({ left, top, width, height }: Area, colour: Rgb): void {
    for (let x = left - 1; x <= left + width; x++) {
      this.set(x, top - 1, colour);
      this.set(x, top + height, colour);
    }
    for (let y = top - 1; y <= top + height; y++) {
      this.set(left - 1, y, colour);
      this.set(left + width, y, colour);
    }
  }

  /** Draws a picture over an area, each pixel from the nearest one of it. */
  picture(
    area: Area,
    size: { readonly width: number; readonly height: number },
    colourAt: (pixel: number) => Rgb,
  ): void {
    for (let y = 0; y < area.height; y++) {
      for (let x = 0; x < area.width; x++) {
        const column = Math.floor(((x + 0.5) * size.width) / area.width);
        const row = Math.floor(((y + 0.5) * size.height) / area.height);
        this.set(area.left + x, area.top + y, colourAt(row * size.width + column));
      }
    }
  }

  /** A line of text; each letter is 4 × 6 pixels, times the scale. */
  text(at: { readonly left: number; readonly top: number; readonly scale: number }, text: string, colour: Rgb): void {
    [...text].forEach((letter, index) => {
      letterRows(letter).forEach((bits, row) => {
        for (let column = 0; column < 3; column++) {
          if ((bits & (4 >> column)) === 0) continue;
          const left = at.left + (index * 4 + column) * at.scale;
          this.fill({ left, top: at.top + row * at.scale, width: at.scale, height: at.scale }, colour);
        }
      });
    });
  }
}
