import { type Content, Graph, type Initializer, type Node, type Value } from '../graph';
import { graphInvalid, type Shape } from '../shape';

/** A graph that grows as a copy of another. */
export class GraphCopy {
  readonly graph: Graph;
  readonly #copies = new Map<Value, Value>();
  readonly #symbols: Readonly<Record<string, number>>;

  /** @param symbols - Sizes in the place of dimensions that are known only at run time. */
  constructor(source: Graph, symbols: Readonly<Record<string, number>>) {
    this.graph = new Graph(source.name);
    this.#symbols = symbols;
    for (const input of source.inputs) {
      this.set(input, this.graph.input(input.name, { type: input.type, shape: this.shape(input.shape) }));
    }
  }

  /** The copy of a value of the source. */
  of(value: Value): Value {
    const copy = this.#copies.get(value);
    if (copy === undefined) throw graphInvalid(`Expected a value that was copied before its use, found ${value.name}`);
    return copy;
  }

  /** Makes `copy` stand for `value` from now on. */
  set(value: Value, copy: Value): void {
    this.#copies.set(value, copy);
  }

  shape(shape: Shape): Shape {
    return shape.map((dimension) =>
      typeof dimension === 'string' ? (this.#symbols[dimension] ?? dimension) : dimension,
    );
  }

  /** An initialiser under its name; with other content, its type and shape stay. */
  initializer({ value, content }: Initializer, other: Content = content): void {
    this.set(value, this.graph.initializer(value.name, { type: value.type, shape: value.shape, content: other }));
  }

  node({ name, operator, inputs, outputs, attributes }: Node): void {
    const copies = outputs.map((output) => {
      const copy = this.graph.value(output.name, { type: output.type, shape: this.shape(output.shape) });
      this.set(output, copy);
      return copy;
    });
    this.graph.push({ name, operator, inputs: inputs.map((input) => this.of(input)), outputs: copies, attributes });
  }
}
