import { words } from './red';
import { isEnvironment, type OptionSchema } from './schema';

/** Ends of option names that are units, and how they are written. */
const UNITS: readonly (readonly [end: RegExp, unit: string])[] = [
  [/Hz$/, 'Hz'],
  [/Millis$/, 'ms'],
  [/Seconds$/, 's'],
  [/Metres$/, 'm'],
  [/Pixels$/, 'px'],
];

/** `sampleRateHz` as "Sample rate (Hz)". */
export function labelOf(path: readonly string[]): string {
  const key = path.at(-1) ?? '';
  const [end, unit] = UNITS.find(([candidate]) => candidate.test(key)) ?? [];
  const name = (end === undefined ? key : key.replace(end, '')).replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  const whole = [...path.slice(0, -1), name].join(' ');
  const label = whole.charAt(0).toUpperCase() + whole.slice(1);
  return unit === undefined ? label : `${label} (${unit})`;
}

/** A field for an option. Lists of choices also take `${NAME}` for an environment variable. */
export function inputFor(schema: OptionSchema, value: unknown): JQuery {
  const choices = schema.enum ?? (schema.type === 'boolean' ? ['true', 'false'] : undefined);
  const text = Array.isArray(value) ? value.join(', ') : String(value ?? '');
  if (choices === undefined) return textInput(text);
  const select = $('<select>').append(
    $('<option>').val('').text(words('device.usual')),
    choices.map((choice) => $('<option>').val(String(choice)).text(String(choice))),
  );
  if (text !== '' && !choices.map(String).includes(text)) select.append($('<option>').val(text).text(text));
  // The list becomes a field to write into, in place.
  select.append(
    $('<option>')
      .val(ENVIRONMENT)
      .text(`${words('device.environment')} …`),
  );
  select.on('change', () => {
    if (select.val() !== ENVIRONMENT) return;
    const name = `\${${window.prompt(words('device.environment'), 'NAME') ?? ''}}`;
    const isNamed = isEnvironment(name);
    if (isNamed) select.find('option').last().before($('<option>').val(name).text(name));
    select.val(isNamed ? name : '');
  });
  return select.val(text);
}

/** No option has this value. */
const ENVIRONMENT = '\u2026';

function textInput(text: string): JQuery {
  return $('<input>').attr('type', 'text').val(text);
}

/** What stands in a field; `undefined` for an empty one: the driver then has a default. */
export function enteredValue(schema: OptionSchema, input: JQuery): unknown {
  const text = String(input.val() ?? '').trim();
  if (text === '') return undefined;
  if (isEnvironment(text)) return text;
  const chosen = schema.enum?.find((choice) => String(choice) === text);
  if (chosen !== undefined) return chosen;
  switch (schema.type) {
    case 'boolean':
      return text === 'true';
    case 'integer':
    case 'number':
      return Number.isFinite(Number(text)) ? Number(text) : text;
    case 'array':
      return text.split(',').map((item) => item.trim());
    default:
      return text;
  }
}
