/** Control characters, those that are not seen or turn the direction of writing, line separators, and halves of characters. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;

/** Text from outside as words: without what cannot be seen. */
export function cleanText(text: string): string {
  return text.replace(HIDDEN, ' ').replace(/ {2,}/g, ' ').trim();
}

/** Keys that reach into every object of a program that copies them carelessly. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** A value of JSON with {@link cleanText} for every string in it; `undefined` where it has a key that nobody means well. */
export function cleanValue(value: unknown): { readonly value: unknown } | undefined {
  if (typeof value === 'string') return { value: cleanText(value) };
  if (typeof value !== 'object' || value === null) return { value };
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => cleanValue(item));
    return items.includes(undefined) ? undefined : { value: items.map((item) => item?.value) };
  }
  const members: [string, unknown][] = [];
  for (const [key, member] of Object.entries(value)) {
    const cleaned = cleanValue(member);
    if (FORBIDDEN_KEYS.has(key) || cleaned === undefined) return undefined;
    members.push([key, cleaned.value]);
  }
  return { value: Object.fromEntries(members) };
}
