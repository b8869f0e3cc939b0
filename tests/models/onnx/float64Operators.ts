import type { Node, Value } from '../../../models/onnx/graph';
import { erf } from './erf';
import { broadcastPlaces, countOf, mapPlaces, matrixCount, type Places, sizesOf, stepsOf } from './places';

export type Numbers = Float64Array;

/**
 * Makes a node into a function of its inputs' elements. `constant` gives the elements of an input that is an
 * initialiser, which is how ONNX passes sizes and axes.
 */
type Operator = (
  node: Node,
  constant: (index: number) => readonly number[],
) => (inputs: readonly Numbers[]) => readonly Numbers[];

/** The standard operators (onnx.ai, operator set 17) that our graphs use, as plain loops. */
export const FLOAT64_OPERATORS: Readonly<Record<string, Operator>> = {
  Identity:
    () =>
    ([x]) => [x!],
  Neg: unary((x) => -x),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Erf: unary(erf),
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Max: binary(Math.max),
  Equal: binary((a, b) => Number(a === b)),
  Greater: binary((a, b) => Number(a > b)),
  // Between the types of our graphs all integers are exact, and no fraction is cast to an integer.
  Cast:
    () =>
    ([x]) => [x!],
  Reshape:
    () =>
    ([x]) => [x!],
  Transpose: ({ inputs, outputs, attributes }) => {
    const steps = stepsOf(sizesOf(inputs[0]!));
    const order = listOf(attributes['perm']);
    return moved(
      mapPlaces(sizesOf(outputs[0]!), (at) => at.reduce((sum, i, axis) => sum + i * steps[order[axis]!]!, 0)),
    );
  },
  Expand: ({ inputs, outputs }) => moved(broadcastPlaces(sizesOf(inputs[0]!), sizesOf(outputs[0]!))),
  Slice: ({ inputs, outputs }, constant) => {
    const steps = stepsOf(sizesOf(inputs[0]!));
    const [starts, axes] = [constant(1), constant(3)];
    const offset = axes.reduce((sum, axis, index) => sum + steps[axis]! * starts[index]!, 0);
    return moved(mapPlaces(sizesOf(outputs[0]!), (at) => at.reduce((sum, i, axis) => sum + i * steps[axis]!, offset)));
  },
  Pad: ({ inputs, outputs }, constant) => {
    const [sizes, steps] = [sizesOf(inputs[0]!), stepsOf(sizesOf(inputs[0]!))];
    const before = constant(1).slice(0, sizes.length);
    const places = mapPlaces(sizesOf(outputs[0]!), (at) => {
      const from = at.map((index, axis) => index - before[axis]!);
      const outside = from.some((index, axis) => index < 0 || index >= sizes[axis]!);
      return outside ? -1 : from.reduce((sum, index, axis) => sum + index * steps[axis]!, 0);
    });
    return ([x]) => [Float64Array.from(places, (place) => (place < 0 ? 0 : x![place]!))];
  },
  Gather: ({ inputs }) => {
    const width = countOf(sizesOf(inputs[0]!).slice(1));
    return ([table, rows]) => {
      const result = new Float64Array(rows!.length * width);
      for (const [index, row] of rows!.entries()) {
        result.set(table!.subarray(row * width, (row + 1) * width), index * width);
      }
      return [result];
    };
  },
  Concat: ({ inputs, outputs, attributes }) => {
    const widths = inputs.map((input) => countOf(sizesOf(input).slice(numberOf(attributes['axis']))));
    const count = countOf(sizesOf(outputs[0]!));
    return (parts) => {
      const result = new Float64Array(count);
      for (let start = 0, row = 0; start < count; row++) {
        parts.forEach((part, index) => {
          result.set(part.subarray(row * widths[index]!, (row + 1) * widths[index]!), start);
          start += widths[index]!;
        });
      }
      return [result];
    };
  },
  Split: ({ inputs, outputs, attributes }) => {
    const axis = numberOf(attributes['axis']);
    const whole = countOf(sizesOf(inputs[0]!).slice(axis));
    const widths = outputs.map((output) => countOf(sizesOf(output).slice(axis)));
    return ([x]) => {
      let offset = 0;
      return widths.map((width) => {
        const part = new Float64Array((x!.length / whole) * width);
        for (let row = 0; row * width < part.length; row++) {
          part.set(x!.subarray(row * whole + offset, row * whole + offset + width), row * width);
        }
        offset += width;
        return part;
      });
    };
  },
  MatMul: ({ inputs, outputs }) => {
    const [a, b, shape] = [sizesOf(inputs[0]!), sizesOf(inputs[1]!), sizesOf(outputs[0]!)];
    const [rows, inner, columns] = [a.at(-2)!, a.at(-1)!, b.at(-1)!];
    const leftMatrices = broadcastPlaces(a.slice(0, -2), shape.slice(0, -2));
    const rightMatrices = broadcastPlaces(b.slice(0, -2), shape.slice(0, -2));
    return ([left, right]) => {
      const result = new Float64Array(matrixCount(shape) * rows * columns);
      for (let matrix = 0; matrix < leftMatrices.length; matrix++) {
        const [from, by] = [leftMatrices[matrix]! * rows * inner, rightMatrices[matrix]! * inner * columns];
        for (let row = 0; row < rows; row++) {
          const to = (matrix * rows + row) * columns;
          for (let k = 0; k < inner; k++) {
            const factor = left![from + row * inner + k]!;
            for (let column = 0; column < columns; column++) {
              result[to + column]! += factor * right![by + k * columns + column]!;
            }
          }
        }
      }
      return [result];
    };
  },
  Conv: ({ inputs, outputs, attributes }) => {
    const [x, weight, shape] = [sizesOf(inputs[0]!), sizesOf(inputs[1]!), sizesOf(outputs[0]!)];
    const steps = stepsOf(x);
    const ones = weight.slice(2).map(() => 1);
    const strides = attributes['strides'] === undefined ? ones : listOf(attributes['strides']);
    const dilations = attributes['dilations'] === undefined ? ones : listOf(attributes['dilations']);
    const place = (at: readonly number[], scale: readonly number[]): number =>
      at.reduce((sum, index, axis) => sum + index * scale[axis]! * steps[axis + 2]!, 0);
    const positions = mapPlaces(shape.slice(2), (at) => place(at, strides));
    const taps = mapPlaces(weight.slice(1), ([channel, ...at]) => channel! * steps[1]! + place(at, dilations));
    return ([items, kernel]) => {
      const result = new Float64Array(countOf(shape));
      let index = 0;
      for (let item = 0; item < shape[0]!; item++) {
        for (let feature = 0; feature < shape[1]!; feature++) {
          for (const position of positions) {
            const from = item * steps[0]! + position;
            const by = feature * taps.length;
            let sum = 0;
            for (let tap = 0; tap < taps.length; tap++) sum += items![from + taps[tap]!]! * kernel![by + tap]!;
            result[index++] = sum;
          }
        }
      }
      return [result];
    };
  },
  ReduceSum: ({ inputs, outputs }, constant) => {
    const shape = sizesOf(inputs[0]!);
    const axes = constant(1).map((axis) => (axis + shape.length) % shape.length);
    const steps = stepsOf(sizesOf(outputs[0]!));
    const targets = mapPlaces(shape, (at) =>
      at.reduce((sum, index, axis) => sum + (axes.includes(axis) ? 0 : index * steps[axis]!), 0),
    );
    const count = countOf(sizesOf(outputs[0]!));
    return ([x]) => {
      const result = new Float64Array(count);
      for (let index = 0; index < targets.length; index++) result[targets[index]!]! += x![index]!;
      return [result];
    };
  },
  ReduceL2: perRow((row) => [[Math.sqrt(row.reduce((sum, x) => sum + x * x, 0))]]),
  ReduceLogSumExp: perRow((row) => {
    const largest = row.reduce((a, b) => Math.max(a, b));
    return [[largest + Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0))]];
  }),
  ArgMax: perRow((row) => [[row.indexOf(row.reduce((a, b) => Math.max(a, b)))]]),
  Softmax: perRow((row) => {
    const largest = row.reduce((a, b) => Math.max(a, b));
    const shares = row.map((x) => Math.exp(x - largest));
    const total = shares.reduce((sum, share) => sum + share, 0);
    return [shares.map((share) => share / total)];
  }),
  LayerNormalization: perRow((row, { attributes }, [scale, bias]) => {
    const mean = row.reduce((sum, x) => sum + x, 0) / row.length;
    const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / row.length;
    const inverse = 1 / Math.sqrt(variance + numberOf(attributes['epsilon']));
    return [row.map((x, index) => (x - mean) * inverse * scale![index]! + bias![index]!), [mean], [inverse]];
  }),
};

function unary(work: (x: number) => number): Operator {
  return () =>
    ([x]) => [x!.map(work)];
}

function binary(work: (a: number, b: number) => number): Operator {
  return ({ inputs, outputs }) => {
    const shape = sizesOf(outputs[0]!);
    const [left, right] = inputs.map((input) => broadcastPlaces(sizesOf(input), shape));
    return ([a, b]) => {
      const result = new Float64Array(left!.length);
      for (let index = 0; index < result.length; index++) result[index] = work(a![left![index]!]!, b![right![index]!]!);
      return [result];
    };
  };
}

/** Each element of the output is one of the input. */
function moved(places: Places): (inputs: readonly Numbers[]) => readonly Numbers[] {
  return ([x]) => {
    const result = new Float64Array(places.length);
    for (let index = 0; index < result.length; index++) result[index] = x![places[index]!]!;
    return [result];
  };
}

/** Rows of the last dimension, each on its own; the other inputs are the same for all. */
function perRow(
  work: (row: Numbers, node: Node, others: readonly Numbers[]) => readonly ArrayLike<number>[],
): Operator {
  return (node) => {
    const width = sizesOf(node.inputs[0]!).at(-1)!;
    return ([x, ...others]) => {
      const results = node.outputs.map((output: Value) => new Float64Array(countOf(sizesOf(output))));
      for (let row = 0; row * width < x!.length; row++) {
        const parts = work(x!.subarray(row * width, (row + 1) * width), node, others);
        for (const [index, result] of results.entries()) result.set(parts[index]!, row * parts[index]!.length);
      }
      return results;
    };
  };
}

function listOf(attribute: Node['attributes'][string] | undefined): readonly number[] {
  if (attribute?.kind === 'integers') return attribute.values;
  throw new Error('expected a list of integers');
}

function numberOf(attribute: Node['attributes'][string] | undefined): number {
  if (attribute?.kind === 'integer' || attribute?.kind === 'float') return attribute.value;
  throw new Error('expected a number');
}
