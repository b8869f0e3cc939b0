import path from 'node:path';
import { encodeModel } from './encode';
import { writeExternalData } from './externalData';
import { FileWriter, type WrittenFile } from './fileWriter';
import type { Graph } from './graph';
import { graphInvalid } from './shape';

/** Where a model goes. The files lie in one folder, and the model names the weights file: keep that name. */
export interface ModelTarget {
  readonly modelPath: string;
  readonly weightsPath: string;
  /** Called with the name of each streamed initialiser when it is written. */
  readonly onInitializer?: ((name: string) => void) | undefined;
  /** Heeded between initialisers. */
  readonly signal?: AbortSignal | undefined;
}

export interface WrittenModel {
  readonly model: WrittenFile;
  readonly weights: WrittenFile;
}

/**
 * Writes a graph as two files, streaming its initialisers: memory is a few times that of the largest.
 * Neither file exists under its name before it is whole.
 *
 * @throws {SensebindError} `CONVERSION_ABORTED` by the signal; `PRECISION_OVERFLOW` for a number that float16 cannot
 * hold; `FILE_UNWRITABLE`, `DISK_FULL`; and what reading an initialiser throws.
 */
export async function writeModel(
  graph: Graph,
  { modelPath, weightsPath, onInitializer, signal }: ModelTarget,
): Promise<WrittenModel> {
  if (path.dirname(path.resolve(modelPath)) !== path.dirname(path.resolve(weightsPath))) {
    throw graphInvalid(`Expected model and weights in one folder, found ${modelPath} and ${weightsPath}`);
  }
  const weights = await FileWriter.create(weightsPath);
  try {
    const location = path.basename(weightsPath);
    const written = await writeExternalData(graph, { file: weights, location, onInitializer, signal });
    const model = await FileWriter.create(modelPath);
    try {
      await model.append(encodeModel(graph, written));
      return { weights: await weights.finish(), model: await model.finish() };
    } catch (error) {
      await model.discard();
      throw error;
    }
  } catch (error) {
    await weights.discard();
    throw error;
  }
}
