/** Values of attributes; numbers are written with two decimals at most. */
export type Attributes = Readonly<Record<string, string | number>>;

/** An element of SVG with its children as text of SVG. */
export function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeText(valueText(value))}"`);
  const start = `<${name}${written.join('')}`;
  return children.length === 0 ? `${start}/>` : `${start}>${children.join('')}</${name}>`;
}

/** A piece of text at a place. */
export function label(content: string, attributes: Attributes): string {
  return element('text', attributes, [escapeText(content)]);
}

/** Safe within an element and within an attribute. */
export function escapeText(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function valueText(value: string | number): string {
  return typeof value === 'string' ? value : String(Math.round(value * 100) / 100);
}

/** As many series as there are colours can be told apart; further ones start again. */
export const SERIES_COLOURS = 8;

/**
 * Colours for series by Okabe and Ito, which people with colour blindness can tell apart; those too pale on white or too
 * dark on black have a second form.
 */
const LIGHT = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#a67c00', '#0f8fc4', '#555555', '#7a3db8'];
const DARK = ['#56b4e9', '#ff8a3d', '#2bd1a0', '#e39ac6', '#e6c229', '#9ad8ff', '#bbbbbb', '#c39af0'];

function coloursOf(colours: readonly string[]): string {
  return colours.map((colour, at) => `.fill.s${at}{fill:${colour}}.line.s${at}{stroke:${colour}}`).join('');
}

/** Follows what the reader's screen prefers; has a background of its own, so that it is readable on any page. */
const STYLE = [
  'svg{font:13px system-ui,sans-serif}',
  '.back{fill:#fff}text{fill:#222}.title{font-size:16px;font-weight:600}.small{font-size:11px}',
  '.grid{stroke:#ddd}.axis{stroke:#888}.whisker{stroke:#222}.mark{stroke:#222;stroke-dasharray:4 3}',
  '.line{fill:none;stroke-width:1.8;stroke-linejoin:round}',
  coloursOf(LIGHT),
  '@media (prefers-color-scheme:dark){',
  '.back{fill:#15181c}text{fill:#e6e6e6}.grid{stroke:#333a42}.axis{stroke:#8a929b}.whisker,.mark{stroke:#e6e6e6}',
  `${coloursOf(DARK)}}`,
].join('');

/** A whole file. */
export function svgFile(
  { width, height, title }: { readonly width: number; readonly height: number; readonly title: string },
  children: readonly string[],
): string {
  const svg = element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}`, width, height, role: 'img' },
    [
      element('title', {}, [escapeText(title)]),
      element('style', {}, [STYLE]),
      element('rect', { class: 'back', width, height }),
      ...children,
    ],
  );
  return `${svg}\n`;
}
