import { DATA_TYPES, type DataType } from './dataType';
import type { Value } from './graph';
import { broadcast } from './shape';

/** A float32 value, or a number that becomes a constant. */
type Operand = Value<'float32'> | number;

/** `a + b`, broadcast. */
export function add(a: Value<'float32'>, b: Operand): Value<'float32'> {
  return binary('Add', [a, b]);
}

/** `a − b`, broadcast. */
export function sub(a: Value<'float32'>, b: Operand): Value<'float32'> {
  return binary('Sub', [a, b]);
}

/** `a · b`, element by element, broadcast. */
export function mul(a: Value<'float32'>, b: Operand): Value<'float32'> {
  return binary('Mul', [a, b]);
}

/** `a / b`, broadcast. */
export function div(a: Value<'float32'>, b: Operand): Value<'float32'> {
  return binary('Div', [a, b]);
}

/** The larger of `a` and `b`, broadcast. */
export function max(a: Value<'float32'>, b: Operand): Value<'float32'> {
  return binary('Max', [a, b]);
}

/** The error function. */
export function erf(x: Value<'float32'>): Value<'float32'> {
  return unary('Erf', x);
}

/** `−x`. */
export function neg(x: Value<'float32'>): Value<'float32'> {
  return unary('Neg', x);
}

/** `eˣ`. */
export function exp(x: Value<'float32'>): Value<'float32'> {
  return unary('Exp', x);
}

/** The natural logarithm. */
export function log(x: Value<'float32'>): Value<'float32'> {
  return unary('Log', x);
}

/** True where `a` is larger than `b`, broadcast. */
export function greater(a: Value<'float32'>, b: Value<'float32'>): Value<'bool'> {
  return a.graph.append('Greater', { inputs: [a, b], type: 'bool', shape: broadcast(a.shape, b.shape) });
}

/** True where `a` and `b` are equal, broadcast. */
export function equal(a: Value<'int32'>, b: Value<'int32'>): Value<'bool'> {
  return a.graph.append('Equal', { inputs: [a, b], type: 'bool', shape: broadcast(a.shape, b.shape) });
}

/** `x` in another element type. */
export function cast<Type extends DataType>(x: Value, type: Type): Value<Type> {
  const attributes = { to: { kind: 'integer', value: DATA_TYPES[type].number } } as const;
  return x.graph.append('Cast', { inputs: [x], attributes, type, shape: x.shape });
}

function unary(operator: string, x: Value<'float32'>): Value<'float32'> {
  return x.graph.append(operator, { inputs: [x], type: 'float32', shape: x.shape });
}

function binary(operator: string, [a, b]: readonly [Value<'float32'>, Operand]): Value<'float32'> {
  const right = typeof b === 'number' ? a.graph.floats([b], []) : b;
  return a.graph.append(operator, { inputs: [a, right], type: 'float32', shape: broadcast(a.shape, right.shape) });
}
