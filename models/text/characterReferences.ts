import { decodeHTML, decodeHTMLStrict } from 'entities';

/** What Python's `html.unescape` takes for a reference; the name may be followed by text that is not part of it. */
const REFERENCE = /&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/gu;

/** Numeric references to these vanish in Python, where a browser keeps them: controls and noncharacters. */
const VANISHES = /^(?:(?![\t\n\f\r\u0080-\u009f])\p{Cc}|\p{Noncharacter_Code_Point})$/u;

/** The references that ftfy decodes: with a semicolon, and short. */
const UNAMBIGUOUS_REFERENCE = /&#?[0-9A-Za-z]{1,24};/g;

/**
 * Decodes HTML character references as Python's `html.unescape`: names with or without a semicolon, the longest known
 * beginning of a name, numbers as HTML 5 repairs them.
 */
export function unescapeHtml(text: string): string {
  return text.replace(REFERENCE, decodeReference);
}

/**
 * Decodes what can be nothing but a character reference, as ftfy's `unescape_html`: names that end in a semicolon,
 * those written all in capitals too (`&NTILDE;`), and numbers.
 */
export function unescapeUnambiguousHtml(text: string): string {
  return text.replace(UNAMBIGUOUS_REFERENCE, (reference) =>
    reference.startsWith('&#') ? decodeNumber(reference) : decodeName(reference),
  );
}

/** The character that HTML 5 puts in place of a C1 control: its Windows-1252 meaning, where there is one. */
export function windows1252Of(control: string): string {
  return decodeHTMLStrict(`&#${control.charCodeAt(0)};`);
}

function decodeReference(reference: string): string {
  const decoded = decodeHTML(reference);
  return reference.startsWith('&#') && VANISHES.test(decoded) ? '' : decoded;
}

/** A semicolon that is left over means that only a part was a number; ftfy then leaves all of it, `&#59;` included. */
function decodeNumber(reference: string): string {
  const decoded = unescapeHtml(reference);
  return decoded.includes(';') ? reference : decoded;
}

function decodeName(reference: string): string {
  const decoded = decodeHTMLStrict(reference);
  if (decoded !== reference) return decoded;
  if (reference !== reference.toUpperCase() || unescapeHtml(reference) !== reference) return reference;
  const inLowerCase = reference.toLowerCase();
  const letter = decodeHTMLStrict(inLowerCase);
  return letter === inLowerCase ? reference : letter.toUpperCase();
}
