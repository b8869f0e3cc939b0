import { UsageError } from './output';

/** The value of an option that is a whole number within limits. @throws {UsageError} for anything else. */
export function parseWhole(
  name: string,
  text: string,
  { least, most, command }: { readonly least: number; readonly most: number; readonly command: string },
): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(
    `expected ${name} with a whole number from ${least} to ${most}, found ${text}`,
    `See sensebind ${command} --help.`,
  );
}
