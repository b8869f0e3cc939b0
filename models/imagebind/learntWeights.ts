import { reshape, split, transpose } from '../onnx/arrange';
import { mul } from '../onnx/elementwise';
import type { Graph, Value } from '../onnx/graph';
import { elementCount, graphInvalid, sizeAt } from '../onnx/shape';
import type { TensorLayout } from './layout';
import type { LeadingFactor, Weights } from './weights';

/**
 * The tensors of an encoder cut out of one flat vector, an input of the graph: what training changes. They lie there one
 * after the other, in the order of the layout and as a checkpoint has them.
 */
export class LearntWeights implements Weights {
  readonly flat: Value<'float32'>;
  readonly #tensors: ReadonlyMap<string, Value<'float32'>>;

  /**
   * @param name - Of the graph's new input, `[elements]`.
   * @param layout - Tensors that the graph will use.
   */
  constructor(graph: Graph, { name, layout }: { readonly name: string; readonly layout: readonly TensorLayout[] }) {
    const sizes = layout.map(({ shape }) => elementCount(shape));
    const flat = graph.input(name, { type: 'float32', shape: [sizes.reduce((total, size) => total + size, 0)] });
    const parts = split(flat, { axis: 0, sizes });
    this.flat = flat;
    this.#tensors = new Map(
      layout.flatMap(({ name: tensor, shape }, index) => {
        const part = parts[index];
        // A scalar stays a list of one: no runtime reshapes to nothing.
        return part === undefined ? [] : [[tensor, shape.length === 0 ? part : reshape(part, shape)] as const];
      }),
    );
  }

  vector(name: string, leading?: LeadingFactor): Value<'float32'> {
    const value = this.#tensors.get(name);
    if (value === undefined) throw graphInvalid(`Expected a tensor of the layout, found ${name}`);
    return leading === undefined ? value : scaled(value, leading);
  }

  kernel(name: string): Value<'float32'> {
    return this.vector(name);
  }

  table(name: string): Value<'float32'> {
    return this.vector(name);
  }

  matrix(name: string, leading?: LeadingFactor): Value<'float32'> {
    return transpose(this.vector(name, leading), [1, 0]);
  }
}

/** A factor on the first elements: whole rows of a matrix. */
function scaled(value: Value<'float32'>, { factor, count }: LeadingFactor): Value<'float32'> {
  const rows = sizeAt(value.shape, 0);
  const scaledRows = (count * rows) / elementCount(value.shape.map((_, axis) => sizeAt(value.shape, axis)));
  const factors = Array.from({ length: rows }, (_, row) => (row < scaledRows ? factor : 1));
  return mul(value, value.graph.floats(factors, [rows, ...value.shape.slice(1).map(() => 1)]));
}
