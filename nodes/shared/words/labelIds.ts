import { createHash } from 'node:crypto';

const LONGEST = 64;

/** Room for a number where two labels come to the same. */
const LONGEST_STEM = 60;

/**
 * Ids made from words, in the same order, all different: `glass breaking` → `glass_breaking`. Words in another script than
 * Latin become a number that stays.
 */
export function labelIdsOf(words: readonly string[]): readonly string[] {
  const ids: string[] = [];
  for (const text of words) {
    const stem = stemOf(text);
    let id = stem;
    for (let count = 2; ids.includes(id); count++) id = `${stem}_${count}`;
    ids.push(id.slice(0, LONGEST));
  }
  return ids;
}

function stemOf(words: string): string {
  const plain = words
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, LONGEST_STEM);
  return plain === '' ? `label_${createHash('sha256').update(words).digest('hex').slice(0, 8)}` : plain;
}
