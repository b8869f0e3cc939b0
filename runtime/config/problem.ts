import { type Document, isMap, isPair, type LineCounter, type Node, type ParsedNode } from 'yaml';

/** One thing that is wrong in a configuration, and where. */
export interface Problem {
  /** Keys from the outermost in; empty for the whole document. */
  readonly path: readonly (string | number)[];
  /** What was expected and what was found. */
  readonly message: string;
  readonly cure?: string;
}

/** A problem in a file: lines and columns count from 1. */
export interface LocatedProblem extends Problem {
  readonly line: number;
  readonly column: number;
}

/** Finds where in the text a problem stands: at its key where that exists, else at the innermost parent that does. */
export class Locator {
  readonly #document: Document.Parsed<ParsedNode>;
  readonly #lines: LineCounter;

  constructor(document: Document.Parsed<ParsedNode>, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  locate(problem: Problem): LocatedProblem {
    const { line, col } = this.#lines.linePos(this.#offset(problem.path));
    return { ...problem, line: Math.max(1, line), column: Math.max(1, col) };
  }

  #offset(path: readonly (string | number)[]): number {
    for (let length = path.length; length > 0; length--) {
      const offset = this.#offsetOf(path.slice(0, length));
      if (offset !== undefined) return offset;
    }
    return this.#document.contents?.range?.[0] ?? 0;
  }

  #offsetOf(path: readonly (string | number)[]): number | undefined {
    const key = path.at(-1);
    const parent = path.length === 1 ? this.#document.contents : this.#document.getIn(path.slice(0, -1), true);
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isPair(item) && scalarOf(item.key) === String(key));
      return rangeStart(pair?.key);
    }
    return rangeStart(this.#document.getIn(path, true));
  }
}

function scalarOf(node: unknown): string | undefined {
  return typeof node === 'object' && node !== null && 'value' in node ? String(node.value) : undefined;
}

function rangeStart(node: unknown): number | undefined {
  return typeof node === 'object' && node !== null && 'range' in node ? (node as Node).range?.[0] : undefined;
}
