import type { SensebindError } from '../../runtime/errors';
import { buildState, reduceGlobal, resolveGlobal, resolveStorage } from './pickleGlobals';
import { appendTo, type PickleMachine, setItems, tupleOf } from './pickleMachine';
import { describeValue, type PickleValue } from './pickleValues';
import { corrupt, unsafe } from './refusals';

type Operation = (machine: PickleMachine) => void;

/** Ends the pickle; the caller's loop handles it. */
export const STOP = 0x2e;
/** Starts every pickle of protocol 2 and later. */
export const PROTO = 0x80;

/**
 * The opcodes that `torch.save` writes for a state dict, protocols 2 to 5. Codes and meanings: CPython's
 * Lib/pickletools.py. Lengths and integers are little-endian.
 */
export const OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  // Plain values
  [0x4e, (machine) => machine.push(null)],
  [0x88, (machine) => machine.push(true)],
  [0x89, (machine) => machine.push(false)],
  [0x4a, (machine) => machine.push(machine.take(4).readInt32LE())],
  [0x4b, (machine) => machine.push(machine.take(1).readUInt8())],
  [0x4d, (machine) => machine.push(machine.take(2).readUInt16LE())],
  [0x8a, (machine) => machine.push(machine.takeLong(machine.take(1).readUInt8()))],
  [0x58, (machine) => machine.push(machine.takeText(machine.take(4).readUInt32LE()))],
  [0x8c, (machine) => machine.push(machine.takeText(machine.take(1).readUInt8()))],
  // Containers
  [0x28, (machine) => machine.mark()],
  [0x29, (machine) => machine.push(tupleOf([]))],
  [0x85, (machine) => machine.push(tupleOf(machine.popMany(1)))],
  [0x86, (machine) => machine.push(tupleOf(machine.popMany(2)))],
  [0x87, (machine) => machine.push(tupleOf(machine.popMany(3)))],
  [0x74, (machine) => machine.push(tupleOf(machine.popToMark()))],
  [0x5d, (machine) => machine.push({ kind: 'list', items: [], depth: 1 })],
  [0x61, (machine) => withItems(machine, { items: machine.popMany(1), put: appendTo })],
  [0x65, (machine) => withItems(machine, { items: machine.popToMark(), put: appendTo })],
  [0x7d, (machine) => machine.push({ kind: 'dictionary', ordered: false, entries: new Map(), depth: 1 })],
  [0x73, (machine) => withItems(machine, { items: machine.popMany(2), put: setItems })],
  [0x75, (machine) => withItems(machine, { items: machine.popToMark(), put: setItems })],
  // Memo
  [0x71, (machine) => machine.remember(machine.take(1).readUInt8())],
  [0x72, (machine) => machine.remember(machine.take(4).readUInt32LE())],
  [0x94, (machine) => machine.remember()],
  [0x68, (machine) => machine.recall(machine.take(1).readUInt8())],
  [0x6a, (machine) => machine.recall(machine.take(4).readUInt32LE())],
  // Python objects, of which only a fixed few exist here
  [0x63, (machine) => machine.push(resolveGlobal(machine.takeLine(), machine.takeLine()))],
  [0x93, stackGlobal],
  [0x51, (machine) => machine.push(resolveStorage(machine.pop()))],
  [0x52, reduce],
  [0x62, build],
  // A frame only groups reads of a stream; all bytes are here already.
  [0x95, (machine) => machine.take(8)],
]);

/** Opcodes that Python knows and a state dict has no need of, by name for the refusal. */
const REFUSED_NAMES: ReadonlyMap<number, string> = new Map([
  [0x30, 'POP'],
  [0x31, 'POP_MARK'],
  [0x32, 'DUP'],
  [0x42, 'BINBYTES'],
  [0x43, 'SHORT_BINBYTES'],
  [0x46, 'FLOAT'],
  [0x47, 'BINFLOAT'],
  [0x49, 'INT'],
  [0x4c, 'LONG'],
  [0x50, 'PERSID'],
  [0x53, 'STRING'],
  [0x54, 'BINSTRING'],
  [0x55, 'SHORT_BINSTRING'],
  [0x56, 'UNICODE'],
  [0x64, 'DICT'],
  [0x67, 'GET'],
  [0x69, 'INST'],
  [0x6c, 'LIST'],
  [0x6f, 'OBJ'],
  [0x70, 'PUT'],
  [0x80, 'PROTO'],
  [0x81, 'NEWOBJ'],
  [0x82, 'EXT1'],
  [0x83, 'EXT2'],
  [0x84, 'EXT4'],
  [0x8b, 'LONG4'],
  [0x8d, 'BINUNICODE8'],
  [0x8e, 'BINBYTES8'],
  [0x8f, 'EMPTY_SET'],
  [0x90, 'ADDITEMS'],
  [0x91, 'FROZENSET'],
  [0x92, 'NEWOBJ_EX'],
  [0x96, 'BYTEARRAY8'],
  [0x97, 'NEXT_BUFFER'],
  [0x98, 'READONLY_BUFFER'],
]);

/** The refusal of an opcode that is not in {@link OPERATIONS}. */
export function refusedOpcode(opcode: number, position: number): SensebindError {
  const name = REFUSED_NAMES.get(opcode);
  if (name === undefined) return corrupt(`Expected a pickle opcode at position ${position}; found byte ${opcode}.`);
  return unsafe(
    `Expected a plain state dict; its pickle uses the opcode ${name} at position ${position}. Nothing was executed.`,
  );
}

/** Puts items, already popped, into the container that is then on top. */
function withItems(
  machine: PickleMachine,
  {
    items,
    put,
  }: {
    readonly items: readonly PickleValue[];
    readonly put: (container: PickleValue, items: readonly PickleValue[]) => void;
  },
): void {
  put(machine.top(), items);
}

function stackGlobal(machine: PickleMachine): void {
  const [module, name] = machine.popMany(2);
  if (typeof module !== 'string' || typeof name !== 'string') {
    throw corrupt(
      `Expected the module and name of a global; found ${describeValue(module)} and ${describeValue(name)}.`,
    );
  }
  machine.push(resolveGlobal(module, name));
}

function reduce(machine: PickleMachine): void {
  const argument = machine.pop();
  machine.push(reduceGlobal(machine.pop(), argument));
}

function build(machine: PickleMachine): void {
  const state = machine.pop();
  buildState(machine.top(), state);
}
