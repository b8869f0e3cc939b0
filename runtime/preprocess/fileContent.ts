import { isGray16Png, isPng } from './pictureHeader';

/** What the first bytes of a file say it is. */
export type FileContent =
  | { readonly kind: 'png'; readonly gray16: boolean }
  | { readonly kind: 'jpeg' }
  | { readonly kind: 'wav' }
  | { readonly kind: 'text' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'binary' };

/** So many bytes of a file are enough to tell. */
export const HEAD_BYTES = 4096;

/** What a file is by its content, not by its name. @param head - Its first bytes, {@link HEAD_BYTES} where there are so many. */
export function sniff(head: Uint8Array): FileContent {
  if (head.length === 0) return { kind: 'empty' };
  if (isPng(head)) return { kind: 'png', gray16: isGray16Png(head) };
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return { kind: 'jpeg' };
  if (/^(?:RIFF|RIFX|RF64|BW64)$/.test(letters(head, 0)) && letters(head, 8) === 'WAVE') return { kind: 'wav' };
  return { kind: isText(head) ? 'text' : 'binary' };
}

function letters(head: Uint8Array, from: number): string {
  return String.fromCharCode(...head.subarray(from, from + 4));
}

/** Raw words are full of zero and other control bytes; a table has none but tab and line ends. */
function isText(head: Uint8Array): boolean {
  return head.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}
