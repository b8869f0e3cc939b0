import type { TSchema } from '#typebox';
import { schemaProblems } from '../config/schemaProblems';
import { isSensebindError, messageOf, type SensebindError } from '../errors';
import { cleanText } from './cleanText';
import type { Problem } from './commandMessages';

const LONGEST = 1024;

/** Why a command is refused. Codes are part of the contract: never renamed. */
export const REFUSALS = {
  busy: 'other commands are under way; try again in a moment',
  conflict: 'read what is in use, and decide anew',
  expired: 'send it again, with a Message Expiry that it can arrive within',
  failed: 'look at the log of the node',
  invalid: 'see docs/commands.md',
  not_found: 'read what there is with labels/get, or see the info of the node',
  rate_limited: 'send fewer: 10 a second',
  response_topic: "name a topic under the node's rsp, or none",
  retained: 'publish commands without retain; remove this one with an empty retained message',
  stopping: 'send it again when the node is back',
  switched_off: 'switch it on where it was switched off',
  too_large: 'ask for less at a time',
  tx_reused: 'choose a new tx for each command',
  unknown_field: 'remove it; see docs/commands.md',
  unsupported: 'see docs/commands.md for what this version can do',
} as const;

export type RefusalCode = keyof typeof REFUSALS;

export function refusal(code: RefusalCode, message: string, cure: string = REFUSALS[code]): Problem {
  return { code, message: shortened(message), cure: shortened(cure) };
}

/** What a schema says against a value, the first thing first; `undefined` where nothing is. */
export function schemaRefusal(schema: TSchema, value: unknown, at: readonly string[] = []): Problem | undefined {
  const problems = schemaProblems(schema, value, at);
  const unknown = problems.find(({ message }) => message.includes('unknown key'));
  const problem = unknown ?? problems[0];
  if (problem === undefined) return undefined;
  const where = problem.path.length === 0 ? '' : `${problem.path.join('.')}: `;
  return refusal(unknown === undefined ? 'invalid' : 'unknown_field', `${where}${problem.message}`, problem.cure);
}

/** An error of ours with its own code; of any other, only that there was one. */
export function problemOf(error: unknown): Problem {
  if (!isSensebindError(error)) return refusal('failed', `expected the command to work, found: ${messageOf(error)}`);
  return ofSensebind(error);
}

function ofSensebind({ code, message, cure }: SensebindError): Problem {
  return { code: code.toLowerCase(), message: shortened(message), cure: shortened(cure) };
}

/** Also one line of what can be seen: it stands in logs, and holds what others wrote. */
function shortened(words: string): string {
  const text = cleanText(words);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
