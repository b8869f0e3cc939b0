import { bytesOf, lineColour, surface } from './dom';
import type { Preview } from './snapshot';

/** Draws what a source sees, hears or feels. */
export function drawPreview(canvas: HTMLCanvasElement, preview: Preview): void {
  switch (preview.kind) {
    case 'picture':
      drawPicture(canvas, preview);
      break;
    case 'sound':
      drawSound(canvas, preview);
      break;
    case 'motion':
      drawMotion(canvas, preview);
      break;
  }
}

function drawPicture(canvas: HTMLCanvasElement, picture: Extract<Preview, { kind: 'picture' }>): void {
  const { width, height } = picture;
  const rgb = bytesOf(picture.rgb);
  const context = surface(canvas);
  if (context === undefined || width === 0 || height === 0) return;
  const pixels = new ImageData(width, height);
  for (let index = 0; index < width * height; index++) {
    pixels.data.set([rgb[3 * index] ?? 0, rgb[3 * index + 1] ?? 0, rgb[3 * index + 2] ?? 0, 255], 4 * index);
  }
  drawScaled(canvas, context, pixels);
}

/** As large as fits, in the middle, with the pixels of sensors that have few of them left visible. */
function drawScaled(canvas: HTMLCanvasElement, context: CanvasRenderingContext2D, pixels: ImageData): void {
  const small = document.createElement('canvas');
  small.width = pixels.width;
  small.height = pixels.height;
  small.getContext('2d')?.putImageData(pixels, 0, 0);
  const scale = Math.min(canvas.clientWidth / pixels.width, canvas.clientHeight / pixels.height);
  const [width, height] = [pixels.width * scale, pixels.height * scale];
  context.imageSmoothingEnabled = scale < 3;
  context.drawImage(small, (canvas.clientWidth - width) / 2, (canvas.clientHeight - height) / 2, width, height);
}

function drawSound(canvas: HTMLCanvasElement, { columns, bands }: Extract<Preview, { kind: 'sound' }>): void {
  const context = surface(canvas);
  if (context === undefined) return;
  const loudness = bytesOf(columns);
  const count = Math.floor(loudness.length / bands);
  const [wide, tall] = [canvas.clientWidth / SOUND_COLUMNS, canvas.clientHeight / bands];
  for (let column = 0; column < count; column++) {
    for (let band = 0; band < bands; band++) {
      const share = (loudness[column * bands + band] ?? 0) / 255;
      context.fillStyle = `hsl(${280 - 240 * share} 80% ${5 + 60 * share}%)`;
      const x = (SOUND_COLUMNS - count + column) * wide;
      context.fillRect(x, (bands - 1 - band) * tall, wide + 0.5, tall + 0.5);
    }
  }
}

/** As many as the runtime keeps: what is not there yet stays empty at the left. */
const SOUND_COLUMNS = 128;

const AXES = ['#e15759', '#59a14f', '#4e79a7'] as const;

function drawMotion(canvas: HTMLCanvasElement, { acceleration }: Extract<Preview, { kind: 'motion' }>): void {
  const context = surface(canvas);
  if (context === undefined) return;
  const most = Math.max(12, ...acceleration.flat().map(Math.abs));
  const middle = canvas.clientHeight / 2;
  context.strokeStyle = lineColour(canvas);
  line(context, [0, canvas.clientWidth], () => middle);
  for (const [index, axis] of acceleration.entries()) {
    context.strokeStyle = AXES[index] ?? '#888';
    const step = canvas.clientWidth / Math.max(1, axis.length - 1);
    line(
      context,
      axis.map((_, sample) => sample * step),
      (_, sample) => middle - ((axis[sample] ?? 0) / most) * middle * 0.95,
    );
  }
}

function line(
  context: CanvasRenderingContext2D,
  xs: readonly number[],
  yOf: (x: number, index: number) => number,
): void {
  context.beginPath();
  for (const [index, x] of xs.entries()) {
    if (index === 0) context.moveTo(x, yOf(x, index));
    else context.lineTo(x, yOf(x, index));
  }
  context.stroke();
}
