/** What of a test context clean-ups need, so that programs can use the same helpers. */
export interface CleanUp {
  after(cleanUp: () => Promise<void>): void;
}

/** Runs `use`, then what it asked to be done at its end, last first. */
export async function withCleanUp<Result>(use: (context: CleanUp) => Promise<Result>): Promise<Result> {
  const cleanUps: (() => Promise<void>)[] = [];
  try {
    return await use({ after: (cleanUp) => cleanUps.push(cleanUp) });
  } finally {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  }
}
