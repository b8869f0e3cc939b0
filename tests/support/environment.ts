import type { TestContext } from 'node:test';

/** Sets variables of the environment until the test ends. Tests of one file that do so run one after the other, as they do anyway. */
export function inEnvironment(context: TestContext, variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    process.env[name] = value;
    context.after(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}
