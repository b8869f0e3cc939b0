import { types } from 'node:util';

/** Names and bytes of what was found that are shown. */
const SHOWN = 8;

/** Type and size of anything, in words. */
export function described(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return `text of ${value.length} characters`;
  if (ArrayBuffer.isView(value)) return describedView(value);
  if (types.isAnyArrayBuffer(value)) return `an ArrayBuffer of ${value.byteLength} bytes`;
  if (Array.isArray(value)) return describedArray(value);
  if (typeof value !== 'object') return `the ${typeof value} ${String(value)}`;
  const keys = Object.keys(value);
  const names = keys.slice(0, SHOWN).join(', ');
  return keys.length === 0 ? 'an object without properties' : `an object with the properties ${names}`;
}

function describedView(view: ArrayBufferView): string {
  if (!Buffer.isBuffer(view) && !types.isUint8Array(view)) {
    const name = view.constructor.name;
    return types.isDataView(view) ? `a DataView of ${view.byteLength} bytes` : `a ${name} of ${lengthOf(view)} numbers`;
  }
  const head = Buffer.from(view.buffer, view.byteOffset, Math.min(SHOWN, view.length)).toString('hex').toUpperCase();
  const bytes = head.match(/../g)?.join(' ') ?? '';
  const begin = bytes === '' ? '' : ` that begins with ${bytes}`;
  return `a ${Buffer.isBuffer(view) ? 'Buffer' : 'Uint8Array'} of ${view.length} bytes${begin}`;
}

function lengthOf(view: ArrayBufferView): number {
  return 'length' in view && typeof view.length === 'number' ? view.length : view.byteLength;
}

function describedArray(value: readonly unknown[]): string {
  const [first] = value;
  if (first === undefined) return 'an array without elements';
  const isNested = Array.isArray(first) || (ArrayBuffer.isView(first) && !types.isDataView(first));
  const kind = isNested ? `arrays of ${(first as ArrayLike<unknown>).length}` : `elements of type ${typeof first}`;
  return `an array of ${value.length} ${kind}`;
}
