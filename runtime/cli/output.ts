import Table from 'cli-table3';
import { isSensebindError, messageOf } from '../errors';
import { Interrupted } from './interrupt';

export { formatBytes } from '../formatBytes';

export const USAGE_EXIT_CODE = 2;

/** A command line that makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  constructor(
    message: string,
    readonly cure: string,
  ) {
    super(message);
  }
}

/** A command did its work and the answer is no: exit code 1 without an error message. Its report is already printed. */
export class NegativeResult extends Error {
  override readonly name = 'NegativeResult';
}

/** Whether a command's answer is for a person or a program. */
export interface OutputOptions {
  readonly json?: boolean;
}

/** Control characters but tab and newline: file names and manifests come from outside and must not steer a terminal. */
const CONTROL = /[^\P{Cc}\t\n]/gu;

/** Text from outside, safe to print: control characters other than tab and newline become `?`. */
export function printable(text: string): string {
  return text.replace(CONTROL, '?');
}

/** A line of the answer. */
export function print(text: string): void {
  process.stdout.write(`${printable(text)}\n`);
}

/** A line beside the answer: progress, licence, hints. Never in the way of a program that reads the answer. */
export function printNote(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/** The answer for a program: one JSON document. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** The answer as a table without colours or frames, so that it can be piped and compared. */
export function printTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, column) => (rows.some((row) => typeof row[column] === 'number') ? 'right' : 'left')),
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '  ',
    },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  table.push(...rows.map((row) => row.map((cell) => printable(String(cell)))));
  print(
    table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n'),
  );
}

/**
 * Tells what went wrong, as text or as one JSON document on the standard output, and returns the exit code: 1 for a
 * failure, 2 for a wrong command line, 128 + number for a signal.
 */
export function reportError(error: unknown, { json }: OutputOptions): number {
  if (error instanceof NegativeResult) return 1;
  const { exitCode, ...report } = describe(error);
  if (json) {
    printJson({ error: report });
    return exitCode;
  }
  printNote(`error: ${report.message}`);
  if (report.cure !== undefined) printNote(`  → ${report.cure}`);
  if (report.stack !== undefined) printNote(report.stack);
  return exitCode;
}

interface ErrorReport {
  readonly exitCode: number;
  readonly code: string;
  readonly message: string;
  readonly cure?: string;
  readonly stack?: string;
}

function describe(error: unknown): ErrorReport {
  if (error instanceof Interrupted) {
    return { exitCode: error.exitCode, code: 'INTERRUPTED', message: `interrupted by ${error.signal}` };
  }
  if (error instanceof UsageError)
    return { exitCode: USAGE_EXIT_CODE, code: 'USAGE', message: error.message, cure: error.cure };
  if (isSensebindError(error)) return { exitCode: 1, code: error.code, message: error.message, cure: error.cure };
  return {
    exitCode: 1,
    code: 'UNEXPECTED',
    message: messageOf(error),
    cure: 'This is a mistake in sensebind: please report it, with the lines below and what you did.',
    ...(error instanceof Error && error.stack !== undefined ? { stack: error.stack } : {}),
  };
}
