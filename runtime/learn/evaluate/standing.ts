/** Where the right candidate stands among all, by score. */
export interface Standing {
  /** Wrong candidates with a higher score. */
  readonly above: number;
  /** Wrong candidates with the same score. */
  readonly level: number;
}

/** The standing of the best right candidate; `undefined` where none is right. */
export function standingOf(scores: ArrayLike<number>, isRight: (candidate: number) => boolean): Standing | undefined {
  let best = Number.NEGATIVE_INFINITY;
  let found = false;
  for (let candidate = 0; candidate < scores.length; candidate++) {
    if (!isRight(candidate)) continue;
    found = true;
    best = Math.max(best, scores[candidate] ?? best);
  }
  if (!found) return undefined;
  let above = 0;
  let level = 0;
  for (let candidate = 0; candidate < scores.length; candidate++) {
    const score = scores[candidate] ?? best;
    if (score < best || isRight(candidate)) continue;
    if (score > best) above++;
    else level++;
  }
  return { above, level };
}

/**
 * How much of a hit it is to be asked for the first `count`: 1, 0, or between them where equal scores have to be told
 * apart by chance. So an encoder that gives the same for everything gets chance, and not all or nothing.
 */
export function creditWithin({ above, level }: Standing, count: number): number {
  return Math.min(1, Math.max(0, (count - above) / (level + 1)));
}
