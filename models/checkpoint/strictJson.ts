import { messageOf } from '../../runtime/errors';
import { corrupt, overLimit } from './refusals';

/** A JSON object from outside. */
export type JsonObject = Readonly<Record<string, unknown>>;

export interface StrictJsonOptions {
  /** What it is, for messages. */
  readonly what: string;
  /** Objects and arrays inside each other at most. */
  readonly maxDepth: number;
  /** Of all objects together. */
  readonly maxMembers: number;
}

/**
 * A JSON object within limits that are checked before it is built, and without names that come twice: `JSON.parse` keeps the
 * last of those and says nothing, where another reader takes the first.
 *
 * @throws {SensebindError} `CHECKPOINT_LIMIT`, or `CHECKPOINT_CORRUPT` for anything else than such an object.
 */
export function parseStrictJson(bytes: Uint8Array, { what, maxDepth, maxMembers }: StrictJsonOptions): JsonObject {
  const { depth, members } = outlineOf(bytes);
  if (depth > maxDepth) throw overLimit(`Expected ${what} of at most ${maxDepth} levels; found ${depth}.`);
  if (members > maxMembers) throw overLimit(`Expected ${what} with at most ${maxMembers} names; found ${members}.`);
  const value = parse(bytes, what);
  if (!isJsonObject(value)) throw corrupt(`Expected ${what} to be a JSON object.`);
  if (memberCount(value) !== members) throw corrupt(`Expected each name once in ${what}; found some twice.`);
  return value;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw corrupt(`Expected ${what} in JSON: ${messageOf(error)}.`, { cause: error });
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPENING = [0x7b, 0x5b];
const CLOSING = [0x7d, 0x5d];

/** Levels and members of a JSON text, counted without building it. Of text that is no JSON they mean nothing. */
function outlineOf(json: Uint8Array): { readonly depth: number; readonly members: number } {
  let members = 0;
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] ?? 0;
    if (isInString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) isInString = false;
    } else if (byte === QUOTE) isInString = true;
    else if (byte === COLON) members++;
    else if (OPENING.includes(byte)) deepest = Math.max(deepest, ++depth);
    else if (CLOSING.includes(byte)) depth--;
  }
  return { depth: deepest, members };
}

/** Its depth is known to be small. */
function memberCount(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce<number>((sum, inner) => sum + memberCount(inner), own);
}
