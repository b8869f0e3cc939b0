/** GStreamer pads rows of a picture to this many bytes. */
const ROW_ALIGNMENT = 4;

export const BYTES_PER_PIXEL = 3;

/** How RGB rows stand in a buffer of GStreamer. */
export interface RowLayout {
  readonly width: number;
  readonly height: number;
  /** Bytes of pixels in a row. */
  readonly rowBytes: number;
  /** Bytes from one row to the next. */
  readonly strideBytes: number;
}

export function rowLayout({ width, height }: { readonly width: number; readonly height: number }): RowLayout {
  const rowBytes = width * BYTES_PER_PIXEL;
  return { width, height, rowBytes, strideBytes: Math.ceil(rowBytes / ROW_ALIGNMENT) * ROW_ALIGNMENT };
}

/** Copies a piece of a padded picture to where its pixels belong in one without padding. */
export function copyRows(
  { rowBytes, strideBytes }: RowLayout,
  from: { readonly bytes: Uint8Array; readonly position: number },
  to: Uint8Array,
): void {
  const { bytes, position } = from;
  if (rowBytes === strideBytes) {
    to.set(bytes, position);
    return;
  }
  for (let used = 0; used < bytes.length; ) {
    const row = Math.floor((position + used) / strideBytes);
    const column = (position + used) % strideBytes;
    const left = Math.min(bytes.length - used, strideBytes - column);
    const pixels = Math.min(left, rowBytes - column);
    if (pixels > 0) to.set(bytes.subarray(used, used + pixels), row * rowBytes + column);
    used += left;
  }
}
