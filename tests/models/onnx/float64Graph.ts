import type { Graph, Initializer, Node } from '../../../models/onnx/graph';
import { FLOAT64_OPERATORS, type Numbers } from './float64Operators';

/** Elements of inputs in C order, by name; of any type, as doubles. */
export type Float64Feeds = Readonly<Record<string, ArrayLike<number>>>;

interface Step {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly work: (inputs: readonly Numbers[]) => readonly Numbers[];
  /** Inputs of the last run. */
  last: readonly Numbers[];
}

/**
 * A graph of ours run in float64: the reference for gradients, whose finite differences need more digits than float32
 * has. Shapes must be numbers.
 *
 * Thousands of runs are quick: places of elements are worked out once, and a run does again only what depends on inputs
 * that are not those of the run before.
 */
export class Float64Graph {
  readonly #graph: Graph;
  readonly #places: ReadonlyMap<string, number>;
  readonly #values: Numbers[] = [];
  readonly #steps: readonly Step[];

  /** @param wanted - Values that will be asked for: only what they need is run. */
  constructor(graph: Graph, wanted: readonly string[] = graph.outputs.map(({ name }) => name)) {
    const values = [
      ...graph.inputs,
      ...graph.initializers.map(({ value }) => value),
      ...graph.nodes.flatMap(({ outputs }) => outputs),
    ];
    const places = new Map(values.map(({ name }, place) => [name, place]));
    const placeOf = ({ name }: { readonly name: string }): number => places.get(name)!;
    const constants = new Map(
      graph.initializers.map((initializer) => [initializer.value.name, numbersOf(initializer)]),
    );
    this.#graph = graph;
    this.#places = places;
    for (const [name, numbers] of constants) this.#values[placeOf({ name })] = numbers;
    this.#steps = needed(graph, wanted).map((node) => ({
      inputs: node.inputs.map(placeOf),
      outputs: node.outputs.map(placeOf),
      work: prepared(node, constants),
      last: [],
    }));
  }

  /** The elements of values, by their names; until the next run. */
  run(feeds: Float64Feeds): (name: string) => Numbers {
    const values = this.#values;
    for (const { name } of this.#graph.inputs) this.#keep(this.#places.get(name)!, Float64Array.from(feeds[name]!));
    for (const step of this.#steps) {
      const inputs = step.inputs.map((place) => values[place]!);
      if (inputs.every((input, index) => input === step.last[index])) continue;
      step.last = inputs;
      const results = step.work(inputs);
      for (const [index, place] of step.outputs.entries()) this.#keep(place, results[index]!);
    }
    return (name) => values[this.#places.get(name)!]!;
  }

  /** Equal numbers stay the same array. */
  #keep(place: number, numbers: Numbers): void {
    const last = this.#values[place];
    if (last === undefined || numbers.some((number, index) => number !== last[index])) this.#values[place] = numbers;
  }
}

/** The nodes that values depend on, in their order. */
function needed({ nodes }: Graph, wanted: readonly string[]): readonly Node[] {
  const names = new Set(wanted);
  const found = nodes.toReversed().filter(({ inputs, outputs }) => {
    const used = outputs.some(({ name }) => names.has(name));
    if (used) for (const { name } of inputs) names.add(name);
    return used;
  });
  return found.toReversed();
}

function prepared(node: Node, constants: ReadonlyMap<string, Numbers>): Step['work'] {
  const operator = FLOAT64_OPERATORS[node.operator];
  if (operator === undefined) throw new Error(`the float64 reference has no ${node.operator}`);
  return operator(node, (index) => Array.from(constants.get(node.inputs[index]?.name ?? '') ?? []));
}

function numbersOf({ value, content }: Initializer): Numbers {
  if (content.kind !== 'inline') throw new Error(`${value.name} is not in the graph`);
  return Float64Array.from(content.data, Number);
}
