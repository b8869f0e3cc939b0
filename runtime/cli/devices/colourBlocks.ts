import type { Colour } from '../../falseColours';

/** A picture by pixel number, row-major. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  at(index: number): Colour;
}

/** Two pixels fit one character, since characters are twice as high as wide: the upper half is drawn, the lower is ground. */
const UPPER_HALF = '▀';

/** A picture as lines of coloured characters (24-bit colours, ECMA-48 SGR 38 and 48). */
export function colourBlocks(raster: Raster, columns: number): readonly string[] {
  const width = Math.min(columns, raster.width);
  const rows = Math.max(1, Math.floor((raster.height * width) / raster.width / 2));
  const pixel = (column: number, halfRow: number): Colour => {
    const x = Math.floor((column * raster.width) / width);
    const y = Math.min(raster.height - 1, Math.floor((halfRow * raster.height) / (rows * 2)));
    return raster.at(y * raster.width + x);
  };
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: width }, (_, column) => {
      const upper = pixel(column, row * 2).join(';');
      const lower = pixel(column, row * 2 + 1).join(';');
      return `\u001b[38;2;${upper}m\u001b[48;2;${lower}m${UPPER_HALF}`;
    }).join(''),
  );
}
