import path from 'node:path';
import type { QuantizationProgress, QuantizedBundle, QuantizedRow } from '../../../models/bundle/quantizeBundle';
import { formatBytes, print, printNote, printTable } from '../output';
import { startCounting } from '../progress';

/** Shows how far a quantization is, on the standard error; nothing for programs. */
export function quantizationProgress(json: boolean): {
  readonly update: (progress: QuantizationProgress) => void;
  readonly stop: () => void;
} {
  const counting = startCounting({ json, unit: 'steps' });
  let shown = '';
  return {
    update: ({ modality, step, done, total }) => {
      const name = `${modality}: ${step}`;
      if (!json && !process.stderr.isTTY && name !== shown) printNote(`${name} …`);
      shown = name;
      counting.update({ step: name, done, total });
    },
    stop: counting.stop,
  };
}

/** The table of what became of each encoder, and in words what did not become int8. */
export function reportQuantized({ manifest, encoders }: QuantizedBundle, folder: string): void {
  printTable(
    ['encoder', 'before', 'after', 'worst cosine', 'mean cosine', 'time', 'layers in fp32'],
    encoders.map((row) => [
      row.modality,
      formatBytes(row.bytesBefore),
      formatBytes(row.bytesAfter),
      row.worstCosine.toFixed(5),
      row.meanCosine.toFixed(5),
      timeOf(row),
      row.int8Layers === 0 ? 'all' : `${row.fp32Layers.length} of ${row.int8Layers + row.fp32Layers.length}`,
    ]),
  );
  for (const row of encoders) {
    for (const note of notesOf(row)) printNote(`note: ${note}`);
  }
  const [first] = encoders;
  const calibration = first === undefined ? undefined : manifest.encoders[first.modality]?.quantization?.calibration;
  if (calibration !== undefined) {
    print(`measured with ${calibration.source}: ${calibration.inputs} inputs to calibrate, as many held back`);
  }
  print(`written to ${path.resolve(folder)}; space ${manifest.space} is that of the original`);
}

function timeOf({ time }: QuantizedRow): string {
  if (time === undefined) return '-';
  return `${time.asInEngine ? '' : '~'}${time.ratio.toFixed(2)}× as fast`;
}

function notesOf({ modality, int8Layers, fp32Layers, worstCosine, time }: QuantizedRow): readonly string[] {
  const notes: string[] = [];
  if (int8Layers === 0) {
    notes.push(
      `${modality} stays as it was: int8 reached a cosine of ${worstCosine.toFixed(4)} only, however many layers went back`,
    );
  } else if (fp32Layers.length > 0) {
    notes.push(`${modality}: layers that did harm stay as they were: ${shortened(fp32Layers)}`);
  }
  if (time !== undefined && !time.asInEngine) {
    notes.push(
      `${modality} was timed on weights that stay in their file, to spare memory: the ratio of the engine, which packs them, differs`,
    );
  }
  if (time !== undefined && time.ratio < 1.2) {
    notes.push(`${modality} gains little time here: its layers are small, or this processor has no fast int8`);
  }
  return notes;
}

const SHOWN = 4;

function shortened(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return `${names.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
