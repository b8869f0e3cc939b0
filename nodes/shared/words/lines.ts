/** Lines with something on them, each once. */
export function linesOf(text: string | undefined): readonly string[] {
  const lines = (text ?? '').split('\n').map((line) => line.replace(/\s+/g, ' ').trim());
  return [...new Set(lines.filter((line) => line !== ''))];
}
