import { isUtf8 } from 'node:buffer';
import { Compile } from '#typebox/compile';
import { cleanValue } from './cleanText';
import { CommandMessage, type Problem } from './commandMessages';
import { refusal, schemaRefusal } from './problems';
import { COMMAND_LIMITS, excessOf } from './scanJson';

/** What somebody wants of a node. */
export interface Command {
  readonly tx: string | null;
  /** Who says that it is. */
  readonly by: string | null;
  /** As it came, but for characters that are not seen. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Only where this revision is in use. */
  readonly ifRevision?: number;
}

export type ReadCommand =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'refused'; readonly tx: string | null; readonly problem: Problem };

const validator = Compile(CommandMessage);

/** Reads `cmd/1`, of bytes that anybody may have sent. Never throws. */
export function readCommand(payload: Uint8Array): ReadCommand {
  const excess = excessOf(payload, COMMAND_LIMITS);
  if (excess !== undefined) return refused('too_large', `expected a small command, found ${excess}`);
  if (!isUtf8(payload)) return refused('invalid', 'expected UTF-8, found something else');
  const parsed = parse(payload);
  if (parsed === undefined) return refused('invalid', 'expected JSON, found something else');
  const cleaned = cleanValue(parsed.value);
  if (cleaned === undefined) return refused('unknown_field', 'expected plain keys, found __proto__ or one like it');
  const { value } = cleaned;
  if (!validator.Check(value)) {
    const problem = schemaRefusal(CommandMessage, value) ?? refusal('invalid', 'expected cmd/1, found something else');
    return { kind: 'refused', tx: transactionIn(value), problem };
  }
  const { tx = null, by = null, data = {}, if_rev } = value;
  return { kind: 'command', command: { tx, by, data, ...(if_rev === undefined ? {} : { ifRevision: if_rev }) } };
}

function parse(payload: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder().decode(payload)) };
  } catch {
    return undefined;
  }
}

/** So that whoever misspelt another key still hears which of their commands it was. */
function transactionIn(value: unknown): string | null {
  const tx: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'tx') : undefined;
  return typeof tx === 'string' && /^[!-~]{1,64}$/.test(tx) ? tx : null;
}

function refused(code: Parameters<typeof refusal>[0], message: string): ReadCommand {
  return { kind: 'refused', tx: null, problem: refusal(code, message) };
}
