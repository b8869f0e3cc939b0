import { type ValidatorOptions, words } from './red';
import { isEnvironment } from './schema';

/** Whether a field holds a number within limits, or nothing; a reason where it does not. */
export function validNumber(
  value: unknown,
  options: ValidatorOptions | undefined,
  { least, most }: { readonly least: number; readonly most: number },
): true | string {
  if (value === '' || value === undefined || value === null || isEnvironment(value)) return true;
  const number = Number(value);
  return (
    (Number.isFinite(number) && number >= least && number <= most) ||
    words('invalid.number', { label: options?.label ?? '', least, most })
  );
}

/** Whether a field is filled in; a reason where it is not. */
export function validRequired(value: unknown, _options?: ValidatorOptions): true | string {
  return (value !== '' && value !== undefined && value !== null) || words('invalid.required');
}
