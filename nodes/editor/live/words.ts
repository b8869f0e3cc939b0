import english from '../../palette/locales/en-US/node.json';
import chinese from '../../palette/locales/zh-CN/node.json';

export type LiveWord = keyof typeof english.live;

/** Texts of the live view, which also stands outside of the editor. */
export function liveWords(language: string): (key: LiveWord) => string {
  const { live } = language.toLowerCase().startsWith('zh') ? chinese : english;
  return (key) => live[key];
}
