import type { Static, TSchema } from '#typebox';
import { Compile, type Validator } from '#typebox/compile';

/** A compiled schema that is compiled when it is first asked: a process uses few of those that there are. */
export class LazyValidator<Schema extends TSchema> {
  readonly #schema: Schema;
  #compiled: Pick<Validator, 'Check' | 'Errors'> | undefined;

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  /** Whether a value is as the schema says. */
  Check(value: unknown): value is Static<Schema> {
    return this.#validator.Check(value);
  }

  /** What is wrong with a value. */
  Errors(value: unknown): ReturnType<Validator['Errors']> {
    return this.#validator.Errors(value);
  }

  get #validator(): Pick<Validator, 'Check' | 'Errors'> {
    this.#compiled ??= Compile(this.#schema);
    return this.#compiled;
  }
}
