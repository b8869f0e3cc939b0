import { type ValidatorOptions, words } from './red';

const DURATION = /^\d{1,9}(\.\d{1,6})?(ms|s|min|h)$/;

/** Whether a field is empty or a duration such as 2s; a reason where it is neither. */
export function validDuration(value: unknown, _options?: ValidatorOptions): true | string {
  const text = String(value ?? '');
  return text === '' || DURATION.test(text) || words('invalid.duration');
}

/** Whether a field is empty or a whole number between two others; a reason where it is neither. */
export function validCount(
  value: unknown,
  _options: ValidatorOptions | undefined,
  { minimum, maximum }: { readonly minimum: number; readonly maximum: number },
): true | string {
  const text = String(value ?? '');
  if (text === '') return true;
  const number = Number(text);
  const isFine = Number.isInteger(number) && number >= minimum && number <= maximum;
  return isFine || words('invalid.count', { minimum, maximum });
}

const MODALITY = /^[a-z][a-z0-9_-]{0,63}$/;

/** Whether a field is empty or can be the name of a modality; a reason where it cannot. */
export function validModality(value: unknown, _options?: ValidatorOptions): true | string {
  const text = String(value ?? '');
  return text === '' || MODALITY.test(text) || words('invalid.modality');
}
