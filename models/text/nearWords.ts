/** Further away than a third of the letters, a word is another word and not a slip of the pen. */
const LETTERS_PER_EDIT = 3;

/** The known words that take the fewest edits to become `word`, nearest first; none when all are far. */
export function nearWords(word: string, known: Iterable<string>, limit: number): readonly string[] {
  const most = Math.max(1, Math.floor(word.length / LETTERS_PER_EDIT));
  const near: { readonly candidate: string; readonly edits: number }[] = [];
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) > most) continue;
    const edits = editDistance(word, candidate);
    if (edits <= most) near.push({ candidate, edits });
  }
  return near
    .sort((a, b) => a.edits - b.edits)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

/** Levenshtein: the fewest insertions, deletions and replacements that make `to` of `from`. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = at(row, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, at(row, j) + 1, at(next, j - 1) + 1));
    }
    row = next;
  }
  return at(row, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
