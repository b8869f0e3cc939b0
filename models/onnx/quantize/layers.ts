import type { Graph, Node, Value } from '../graph';
import { sizeAt } from '../shape';

/** The LayerNorm in front of a linear layer, which nothing else reads: smoothing is folded into its scale and bias. */
export interface FeedingNorm {
  readonly scale: Value;
  readonly bias: Value;
}

interface Stored {
  /** The layer's name: that of its weights in the checkpoint. */
  readonly name: string;
  /** As stored: float32, or float16 that a {@link cast} widens. */
  readonly weight: Value;
  readonly cast: Node | undefined;
  readonly rows: number;
  readonly columns: number;
}

/** A product with stored weights `[in, out]`. */
export interface LinearLayer extends Stored {
  readonly kind: 'linear';
  readonly node: Node;
  readonly input: Value;
  readonly output: Value;
  readonly norm: FeedingNorm | undefined;
}

/** A table `[rows, width]` of which some rows are taken. */
export interface TableLayer extends Stored {
  readonly kind: 'table';
  readonly node: Node;
  readonly indices: Value;
  /** After the cast, where there is one. */
  readonly output: Value;
}

export type Layer = LinearLayer | TableLayer;

/**
 * The layers of an encoder that int8 makes smaller, in the order of the graph. A stem is none of them: it is small, and
 * what sensors read has channels of other sizes than one scale fits, with no LayerNorm in front to even them out.
 */
export function layersOf(graph: Graph): readonly Layer[] {
  const uses = new Uses(graph);
  return graph.nodes.flatMap((node) => {
    const layer = node.operator === 'MatMul' ? linearOf(node, uses) : tableOf(node, uses);
    return layer ?? [];
  });
}

/** Operators that only arrange elements anew. */
const ARRANGING: ReadonlySet<string> = new Set(['Reshape', 'Transpose']);

/** Who makes and who reads each value. */
class Uses {
  readonly makers = new Map<Value, Node>();
  readonly readers = new Map<Value, Node[]>();
  readonly #stored: ReadonlySet<Value>;
  readonly #inputs: ReadonlySet<Value>;

  constructor({ nodes, initializers, inputs }: Graph) {
    this.#inputs = new Set(inputs);
    this.#stored = new Set(initializers.map(({ value }) => value));
    for (const node of nodes) {
      for (const output of node.outputs) this.makers.set(output, node);
      for (const input of new Set(node.inputs)) this.readers.set(input, [...(this.readers.get(input) ?? []), node]);
    }
  }

  /** True for elements that are stored in the model and that only this node reads. */
  isStoredFor(node: Node, value: Value | undefined): value is Value {
    return value !== undefined && this.#stored.has(value) && this.isReadOnlyBy(node, value);
  }

  /** True for what goes into the graph, in whatever order of elements. */
  isInput(value: Value | undefined): boolean {
    if (value === undefined || this.#inputs.has(value)) return value !== undefined;
    const maker = this.makers.get(value);
    return maker !== undefined && ARRANGING.has(maker.operator) && this.isInput(maker.inputs[0]);
  }

  isReadOnlyBy(node: Node, value: Value): boolean {
    const readers = this.readers.get(value) ?? [];
    return readers.length === 1 && readers[0] === node;
  }
}

function linearOf(node: Node, uses: Uses): LinearLayer | undefined {
  const [input, factor] = node.inputs;
  const [output] = node.outputs;
  if (input === undefined || factor === undefined || output === undefined || uses.isInput(input)) return undefined;
  const stored = storedMatrix(node, factor, uses);
  return stored && { kind: 'linear', node, input, output, norm: normOf(node, input, uses), ...stored };
}

/** Stored as float32, or as float16 behind a cast that nothing else reads. */
function storedMatrix(node: Node, factor: Value, uses: Uses): Stored | undefined {
  const cast = uses.makers.get(factor);
  if (cast === undefined) return uses.isStoredFor(node, factor) ? matrix(factor, undefined) : undefined;
  const [weight] = cast.inputs;
  if (cast.operator !== 'Cast' || !uses.isReadOnlyBy(node, factor) || !uses.isStoredFor(cast, weight)) return undefined;
  return matrix(weight, cast);
}

function matrix(weight: Value, cast: Node | undefined): Stored | undefined {
  if (weight.shape.length !== 2) return undefined;
  return { name: weight.name, weight, cast, rows: sizeAt(weight.shape, 0), columns: sizeAt(weight.shape, 1) };
}

function normOf(node: Node, input: Value, uses: Uses): FeedingNorm | undefined {
  const norm = uses.makers.get(input);
  if (norm?.operator !== 'LayerNormalization' || !uses.isReadOnlyBy(node, input)) return undefined;
  const [, scale, bias] = norm.inputs;
  return uses.isStoredFor(norm, scale) && uses.isStoredFor(norm, bias) ? { scale, bias } : undefined;
}

function tableOf(node: Node, uses: Uses): TableLayer | undefined {
  const [weight, indices] = node.inputs;
  const [taken] = node.outputs;
  if (node.operator !== 'Gather' || indices === undefined || taken === undefined) return undefined;
  if (!uses.isStoredFor(node, weight)) return undefined;
  const [reader, ...more] = uses.readers.get(taken) ?? [];
  const cast = weight.type === 'float16' && reader?.operator === 'Cast' && more.length === 0 ? reader : undefined;
  const stored = matrix(weight, cast);
  if (stored === undefined || (weight.type !== 'float32' && cast === undefined)) return undefined;
  return { kind: 'table', node, indices, output: cast?.outputs[0] ?? taken, ...stored };
}
