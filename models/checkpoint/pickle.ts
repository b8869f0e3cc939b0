import { PickleMachine } from './pickleMachine';
import { OPERATIONS, PROTO, refusedOpcode, STOP } from './pickleOpcodes';
import { describeValue, isKind, type PickleDictionary, type PickleTensor, type PickleValue } from './pickleValues';
import { corrupt, overLimit, unsupported } from './refusals';

const MIN_PROTOCOL = 2;
const MAX_PROTOCOL = 5;
const MAX_TENSORS = 20_000;

/**
 * The tensors that a `data.pkl` describes, by name and in the file's order. The pickle runs on a machine that can
 * build numbers, strings, containers and tensor descriptions and cannot call anything.
 *
 * A state dict may lie one level down (`{"model": {…}, "epoch": 3}`), when only one value of the root holds tensors.
 *
 * @throws {SensebindError} `CHECKPOINT_UNSAFE` for any other Python object or opcode, by its name; `CHECKPOINT_LIMIT`
 * above the limits on opcodes, stack, nesting, strings, tensors, dimensions and elements; `CHECKPOINT_CORRUPT` for
 * bytes that are no pickle; `CHECKPOINT_LAYOUT` for a pickle that is no state dict.
 */
export function readPickle(bytes: Uint8Array): ReadonlyMap<string, PickleTensor> {
  const root = run(new PickleMachine(bytes));
  if (!isKind(root, 'dictionary')) {
    throw unsupported(`Expected a state dict, which is a dict of tensors; found ${describeValue(root)}.`);
  }
  const tensors = namedTensors(stateDictOf(root));
  if (tensors.size > MAX_TENSORS) throw overLimit(`Expected at most ${MAX_TENSORS} tensors; found ${tensors.size}.`);
  return tensors;
}

function run(machine: PickleMachine): PickleValue {
  requireProtocol(machine);
  for (;;) {
    const position = machine.position;
    const opcode = machine.nextOpcode();
    if (opcode === STOP) break;
    const operation = OPERATIONS.get(opcode);
    if (operation === undefined) throw refusedOpcode(opcode, position);
    operation(machine);
  }
  if (!machine.atEnd) throw corrupt(`Expected the pickle to end at position ${machine.position}; more bytes follow.`);
  return machine.result();
}

function requireProtocol(machine: PickleMachine): void {
  const opcode = machine.nextOpcode();
  const protocol = opcode === PROTO ? machine.take(1).readUInt8() : undefined;
  if (protocol === undefined || protocol < MIN_PROTOCOL || protocol > MAX_PROTOCOL) {
    throw corrupt(
      `Expected a pickle of protocol ${MIN_PROTOCOL} to ${MAX_PROTOCOL}; found ${protocol ?? `one that starts with byte ${opcode}`}.`,
    );
  }
}

function stateDictOf(root: PickleDictionary): PickleDictionary {
  if (namedTensors(root).size > 0) return root;
  const inner = [...root.entries.values()].filter((value) => isKind(value, 'dictionary'));
  const holders = inner.filter((value) => namedTensors(value).size > 0);
  const [holder] = holders;
  if (holder === undefined || holders.length > 1) {
    throw unsupported(`Expected one dict of tensors in the checkpoint; found ${holders.length}.`);
  }
  return holder;
}

function namedTensors(dictionary: PickleDictionary): ReadonlyMap<string, PickleTensor> {
  const tensors = new Map<string, PickleTensor>();
  for (const [name, value] of dictionary.entries) {
    if (typeof name === 'string' && isKind(value, 'tensor')) tensors.set(name, value);
  }
  return tensors;
}
