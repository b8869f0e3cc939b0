import type { StoredPrecision } from '../bundle/manifest';
import type { StateDict } from '../checkpoint/stateDict';
import type { WrittenFile } from '../onnx/fileWriter';
import { Graph, type Value } from '../onnx/graph';
import { writeModel } from '../onnx/writeModel';
import { BATCH } from './batch';
import { endOfText, firstToken, head } from './head';
import { ANCHOR_MODALITIES, belongsTo, type ImagebindModality, MODALITIES, TOWERS } from './modality';
import type { EncoderPlan } from './plan';
import { sensorStem, textStem } from './stem';
import { trunk } from './trunk';
import { StoredWeights, type Weights } from './weights';

export type { WrittenFile } from '../onnx/fileWriter';
export { type EncoderPlan, planEncoder } from './plan';

/** Where an encoder goes, and in which precision its large matrices are stored. */
export interface EncoderTarget {
  readonly modelPath: string;
  /** In the folder of the model, which looks for it under this name. */
  readonly weightsPath: string;
  readonly precision: StoredPrecision;
  /** Called once for each of the plan's tensors, with its size in the checkpoint, when it has been dealt with. */
  readonly onTensor?: (name: string, bytes: number) => void;
  /** Heeded between tensors. */
  readonly signal?: AbortSignal;
}

/** Of the six modalities, those that a checkpoint holds tensors of. */
export function modalitiesOf({ tensors }: StateDict): readonly ImagebindModality[] {
  const names = [...tensors.keys()];
  return MODALITIES.filter((modality) => names.some((name) => belongsTo(modality, name)));
}

/** Sorted names of the vision and text towers' tensors, whose content makes a space; the mask of the text is no part. */
export function anchorTensors({ tensors }: StateDict): readonly string[] {
  return [...tensors.keys()]
    .filter((name) =>
      ANCHOR_MODALITIES.some((modality) => belongsTo(modality, name) && name !== TOWERS[modality].names.mask),
    )
    .sort((a, b) => (a < b ? -1 : 1));
}

/**
 * Writes one encoder: input `input`, output `embedding` of unit length, `[batch, dimensions]`, any batch.
 *
 * Input is float32 `[batch, …]` as the plan's item shape says, for text int32 token ids `[batch, length]`.
 *
 * @throws {SensebindError} `CHECKPOINT_NOT_FINITE` naming the tensor, `CHECKPOINT_CORRUPT`, `CONVERSION_ABORTED`,
 * `PRECISION_OVERFLOW`, `FILE_UNWRITABLE`, `DISK_FULL`. Nothing is left under the two names then.
 */
export async function writeEncoder(
  checkpoint: StateDict,
  plan: EncoderPlan,
  { modelPath, weightsPath, precision, onTensor, signal }: EncoderTarget,
): Promise<{ readonly model: WrittenFile; readonly weights: WrittenFile }> {
  const report = (name: string): void => onTensor?.(name, checkpoint.tensors.get(name)?.byteLength ?? 0);
  const graph = encoderGraph(checkpoint, { plan, precision });
  const { logitScale } = TOWERS[plan.modality].names;
  // The plan holds it already; it is no part of the graph.
  if (logitScale !== undefined) report(logitScale);
  return await writeModel(graph, { modelPath, weightsPath, onInitializer: report, signal });
}

interface Sources {
  readonly plan: EncoderPlan;
  readonly weights: Weights;
}

function encoderGraph(
  checkpoint: StateDict,
  { plan, precision }: { readonly plan: EncoderPlan; readonly precision: StoredPrecision },
): Graph {
  const graph = new Graph(plan.modality);
  const weights = new StoredWeights(checkpoint, { graph, precision });
  graph.output('embedding', encode(graph, { plan, weights, input: 'input' }));
  return graph;
}

/**
 * Appends an encoder to a graph: its input under that name, `[batch, …]`, and its unit embedding `[batch, dimensions]`,
 * which is returned.
 */
export function encode(graph: Graph, { input, ...sources }: Sources & { readonly input: string }): Value<'float32'> {
  return head(pooled(graph, { input, ...sources }), sources);
}

/** Input → the one token of each item that stands for all: `[batch, width]`. */
function pooled(graph: Graph, { input, ...sources }: Sources & { readonly input: string }): Value<'float32'> {
  const shape = [BATCH, ...sources.plan.itemShape];
  if (TOWERS[sources.plan.modality].stem === 'vocabulary') {
    const ids = graph.input(input, { type: 'int32', shape });
    return endOfText(trunk(textStem(ids, sources), sources), ids);
  }
  const items = graph.input(input, { type: 'float32', shape });
  return firstToken(trunk(sensorStem(items, sources), sources));
}
