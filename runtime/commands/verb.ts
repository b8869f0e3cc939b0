import type { TSchema } from '#typebox';
import type { Problem } from './commandMessages';

/** What became of a command. */
export type Outcome =
  | { readonly kind: 'done'; readonly data?: Readonly<Record<string, unknown>>; readonly revision?: number }
  | { readonly kind: 'failed'; readonly problem: Problem; readonly revision?: number };

/** What a verb is given: its data fit its schema. */
export interface VerbRequest<Data> {
  readonly data: Data;
  readonly ifRevision: number | undefined;
  /** So many steps of so many are done; told to those who wait, where it takes long. */
  readonly progress: (done: number, total: number) => void;
}

/** One verb of the contract: what it takes, and what it does. */
export interface Verb<Data = never> {
  readonly schema: TSchema;
  /** Commands of one lane are done one after the other; those that only read have none, and wait for nobody. */
  readonly lane: string | null;
  /** It understands `if_rev`. */
  readonly hasRevision?: boolean;
  /** @throws {SensebindError} which is answered with its code. */
  run(request: VerbRequest<Data>): Promise<Outcome>;
}

/** A verb whose data have been given their type back: {@link defineVerb} makes it, and checks them at this border. */
export type AnyVerb = Verb<Readonly<Record<string, unknown>>>;

/** @param verb - `run` gets data that its schema has passed. */
export function defineVerb<Data>(verb: Verb<Data>): AnyVerb {
  // The desk checks data against the schema before it calls: this is the border where JSON becomes a type.
  return { ...verb, run: (request) => verb.run({ ...request, data: request.data as Data }) };
}

export function done(data?: Readonly<Record<string, unknown>>, revision?: number): Outcome {
  return { kind: 'done', ...(data === undefined ? {} : { data }), ...(revision === undefined ? {} : { revision }) };
}

export function failed(problem: Problem, revision?: number): Outcome {
  return { kind: 'failed', problem, ...(revision === undefined ? {} : { revision }) };
}
