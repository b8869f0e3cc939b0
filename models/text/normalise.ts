import { unescapeHtml, unescapeUnambiguousHtml, windows1252Of } from './characterReferences';

const ESCAPE = String.fromCharCode(0x1b);
const TERMINAL_ESCAPE = new RegExp(`${ESCAPE}\\[[\\p{Nd};]*[a-zA-Z]`, 'gu');

const C1_CONTROL = /[\u0080-\u009f]/g;
const LATIN_LIGATURE = /[\u0132\u0133\u0149\u01c4-\u01cc\u01f1-\u01f3\ufb00-\ufb06]/g;
const FULL_OR_HALF_WIDTH = /[\u3000\uff01-\uffef]/g;
const DOUBLE_QUOTE = /[\u201c-\u201f]/g;
const SINGLE_QUOTE = /[\u02bc\u2018-\u201b]/g;
const LINE_BREAK = /\r\n|[\r\u2028\u2029]/g;
const LONE_SURROGATE = /\p{Surrogate}/gu;
/** Invisible: ASCII controls but white space, deprecated Arabic shaping, the byte order mark, annotations. */
const CONTROL = /(?![\t\n\f\r\u0080-\u009f])\p{Cc}|[\u206a-\u206f\ufeff\ufff9-\ufffc]/gu;

/** `\s` of Python's `regex` module; JavaScript's has U+FEFF too and lacks U+0085. */
const WHITE_SPACE = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;

/**
 * What the reference does to a text before byte pair encoding: `ftfy.fix_text` with its defaults, HTML character
 * references decoded twice, white space collapsed and trimmed, lower case (reference/imagebind.md §4).
 *
 * Left out on purpose: ftfy's guess that a text was decoded with the wrong encoding (mojibake such as `cafÃ©`). Such
 * a text is encoded as it stands. The result holds no white space but single inner spaces.
 */
export function normalise(text: string): string {
  return unescapeHtml(unescapeHtml(fixText(text)))
    .replace(WHITE_SPACE, ' ')
    .replace(/^ | $/g, '')
    .toLowerCase();
}

/** Line by line, as ftfy: from the first line that holds a `<` on, the text is taken for HTML and keeps its references. */
function fixText(text: string): string {
  const lines = text.split(/(?<=\n)/);
  const firstWithMarkup = lines.findIndex((line) => line.includes('<'));
  return lines
    .map((line, index) => {
      const isPlain = firstWithMarkup === -1 || index < firstWithMarkup;
      return untilStable(line, (current) => fixLine(isPlain ? unescapeUnambiguousHtml(current) : current));
    })
    .join('');
}

/** One repair can uncover another, such as an entity in an entity. */
function untilStable(text: string, fix: (text: string) => string): string {
  let current = text;
  for (;;) {
    const fixed = fix(current);
    if (fixed === current) return fixed;
    current = fixed;
  }
}

/** The order is ftfy's: a ligature may hold a quote, a width form may be a quote or part of a terminal escape. */
function fixLine(text: string): string {
  return text
    .replace(C1_CONTROL, windows1252Of)
    .replace(LATIN_LIGATURE, separateLigature)
    .replace(FULL_OR_HALF_WIDTH, (form) => form.normalize('NFKC'))
    .replace(DOUBLE_QUOTE, '"')
    .replace(SINGLE_QUOTE, "'")
    .replace(LINE_BREAK, '\n')
    .replace(LONE_SURROGATE, '\ufffd')
    .replace(TERMINAL_ESCAPE, '')
    .replace(CONTROL, '')
    .normalize('NFC');
}

/** Compatibility forms would make U+FB05 `st`; ftfy keeps its long s. */
function separateLigature(ligature: string): string {
  return ligature === '\ufb05' ? '\u017ft' : ligature.normalize('NFKC');
}
