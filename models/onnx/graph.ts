import type { Scratch } from '../streaming/scratch';
import type { DataType, Elements } from './dataType';
import { type Dimension, elementCount, formatShape, graphInvalid, type Shape } from './shape';

/** A tensor in a graph: an input, an initialiser or the output of a node. */
export interface Value<Type extends DataType = DataType> {
  readonly graph: Graph;
  readonly name: string;
  readonly type: Type;
  readonly shape: Shape;
}

export type Attribute =
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'integers'; readonly values: readonly number[] };

export type Attributes = Readonly<Record<string, Attribute>>;

/** One operation of the standard operator set. */
export interface Node {
  readonly name: string;
  readonly operator: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

export type Content =
  /** Stored in the model file. */
  | { readonly kind: 'inline'; readonly data: Elements }
  /**
   * Read when the model is written, perhaps into the scratch, and stored in the weights file. float16 values may be read
   * as float32.
   */
  | { readonly kind: 'streamed'; readonly read: (scratch: Scratch) => Promise<Elements> }
  | ExternalContent;

/** Stored in a file beside the model file: `location` is its name, `offset` and `byteLength` are bytes. */
export interface ExternalContent {
  readonly kind: 'external';
  readonly location: string;
  readonly offset: number;
  readonly byteLength: number;
}

/** A value whose elements are known before the graph runs. */
export interface Initializer {
  readonly value: Value;
  readonly content: Content;
}

interface TypeAndShape<Type extends DataType = DataType> {
  readonly type: Type;
  readonly shape: Shape;
}

interface Operands {
  readonly inputs: readonly Value[];
  readonly attributes?: Attributes;
}

/** Constants up to this many elements are shared between the nodes that use an equal one. */
const SHARED_ELEMENTS = 8;

/**
 * A graph of standard ONNX operators: plain data that can be walked, grown node by node in topological order.
 *
 * Operators are functions (elementwise.ts, arrange.ts, linear.ts, reduce.ts) that check shapes and append a node here.
 */
export class Graph {
  readonly #inputs: Value[] = [];
  readonly #outputs: Value[] = [];
  readonly #nodes: Node[] = [];
  readonly #initializers: Initializer[] = [];
  readonly #names = new Set<string>();
  readonly #sharedFloats = new Map<string, Value<'float32'>>();
  readonly #sharedIntegers = new Map<string, Value<'int32'>>();
  readonly #sharedSizes = new Map<string, Value<'int64'>>();

  constructor(readonly name: string) {}

  get inputs(): readonly Value[] {
    return this.#inputs;
  }

  get outputs(): readonly Value[] {
    return this.#outputs;
  }

  /** In topological order. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  get initializers(): readonly Initializer[] {
    return this.#initializers;
  }

  /** An input, fed by name when the graph runs. */
  input<Type extends DataType>(name: string, { type, shape }: TypeAndShape<Type>): Value<Type> {
    const value = this.value(name, { type, shape });
    this.#inputs.push(value);
    return value;
  }

  /** Gives a value a name of the caller's choice and makes it an output. */
  output(name: string, source: Value): void {
    const value = this.value(name, source);
    this.push({
      name: this.nextName('Identity'),
      operator: 'Identity',
      inputs: [source],
      outputs: [value],
      attributes: {},
    });
    this.expose(value);
  }

  /** Makes a value an output under the name that it has. */
  expose(value: Value): void {
    this.#outputs.push(value);
  }

  /** An initialiser under a name of its own. */
  initializer<Type extends DataType>(
    name: string,
    { type, shape, content }: TypeAndShape<Type> & { readonly content: Content },
  ): Value<Type> {
    const value = this.value(name, { type, shape });
    this.#initializers.push({ value, content });
    return value;
  }

  /** A small float32 constant, stored in the model file. */
  floats(data: readonly number[] | Float32Array, shape: readonly number[]): Value<'float32'> {
    return this.#constant(this.#sharedFloats, { type: 'float32', shape, data: Float32Array.from(data) });
  }

  /** A small int32 constant, stored in the model file. */
  integers(data: readonly number[], shape: readonly number[]): Value<'int32'> {
    return this.#constant(this.#sharedIntegers, { type: 'int32', shape, data: Int32Array.from(data) });
  }

  /** A list of sizes or axes: int64, the type that ONNX asks for there. */
  sizes(data: readonly number[]): Value<'int64'> {
    return this.#constant(this.#sharedSizes, {
      type: 'int64',
      shape: [data.length],
      data: BigInt64Array.from(data, BigInt),
    });
  }

  /** Appends a node with one output and returns that. Meant for operator functions, which check shapes first. */
  append<Type extends DataType>(
    operator: string,
    { inputs, attributes = {}, type, shape }: Operands & TypeAndShape<Type>,
  ): Value<Type> {
    const name = this.nextName(operator);
    const output = this.value(name, { type, shape });
    this.push({ name, operator, inputs, outputs: [output], attributes });
    return output;
  }

  /** Appends a node whose outputs are new values of this graph. */
  push(node: Node): void {
    const foreign = [...node.inputs, ...node.outputs].find(({ graph }) => graph !== this);
    if (foreign !== undefined) throw graphInvalid(`${node.name}: ${foreign.name} belongs to another graph`);
    this.#nodes.push(node);
  }

  /** A name for the next node. */
  nextName(operator: string): string {
    return `${operator}_${this.#nodes.length}`;
  }

  /** A new value, which the caller then makes an output of a node. */
  value<Type extends DataType>(name: string, { type, shape }: TypeAndShape<Type>): Value<Type> {
    if (name === '' || this.#names.has(name)) throw graphInvalid(`Expected a new name, found "${name}"`);
    if (!shape.every(isDimension))
      throw graphInvalid(`${name}: expected sizes of 1 or more, found ${formatShape(shape)}`);
    this.#names.add(name);
    return { graph: this, name, type, shape };
  }

  #constant<Type extends DataType>(
    shared: Map<string, Value<Type>>,
    { type, shape, data }: TypeAndShape<Type> & { readonly shape: readonly number[]; readonly data: Elements },
  ): Value<Type> {
    if (data.length !== elementCount(shape)) {
      throw graphInvalid(`Expected ${elementCount(shape)} elements for ${formatShape(shape)}, found ${data.length}`);
    }
    const key = data.length <= SHARED_ELEMENTS ? `${formatShape(shape)} ${data.join()}` : undefined;
    const known = key === undefined ? undefined : shared.get(key);
    if (known !== undefined) return known;
    const name = `constant_${this.#initializers.length}`;
    const value = this.initializer(name, { type, shape, content: { kind: 'inline', data } });
    if (key !== undefined) shared.set(key, value);
    return value;
  }
}

function isDimension(dimension: Dimension): boolean {
  return typeof dimension === 'string' ? dimension !== '' : Number.isSafeInteger(dimension) && dimension > 0;
}
