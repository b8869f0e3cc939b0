import { SensebindError } from '../../runtime/errors';

/** Value of a property: of a number, a switch, an enumeration, or a text such as a path. */
export type Property = string | number | boolean;

/**
 * Texts that GStreamer's own parser would take apart: quotes and backslashes, white space other than blanks, and
 * control characters. Blanks are escaped by gst-launch itself; every other character of an argument stays in the value.
 */
const UNSAFE = /["'\\\p{C}\p{Zl}\p{Zp}\t\n\r\v\f]/u;

/**
 * An element of a pipeline as arguments of gst-launch-1.0. Names are of this program, values may come from outside.
 *
 * @throws {SensebindError} `CONFIG_INVALID` for a value that could end the element and begin another.
 */
export function element(name: string, properties: Readonly<Record<string, Property>> = {}): readonly string[] {
  return [name, ...Object.entries(properties).map(([key, value]) => `${key}=${safe(key, value)}`)];
}

/** Elements in a row, linked. */
export function linked(...elements: readonly (readonly string[])[]): readonly string[] {
  return elements.flatMap((one, index) => (index === 0 ? one : ['!', ...one]));
}

/** A filter for the kind of data, such as `video/x-raw` with its fields. */
export function caps(mediaType: string, fields: Readonly<Record<string, Property>> = {}): readonly string[] {
  return [[mediaType, ...Object.entries(fields).map(([key, value]) => `${key}=${safe(key, value)}`)].join(',')];
}

function safe(key: string, value: Property): string {
  const text = String(value);
  if (text !== '' && !UNSAFE.test(text)) return text;
  throw new SensebindError(
    'CONFIG_INVALID',
    `expected a ${key} without quotes, backslashes, line ends and control characters, found another`,
    'rename the file, or make a link to it with a plain name',
  );
}
