import { words } from './red';

/** Whether a field that may be left empty holds a number in a range; a reason where it does not. */
export function validNumber(
  value: unknown,
  { least, most }: { readonly least: number; readonly most: number },
): true | string {
  if (value === '' || value === undefined || value === null) return true;
  const number = Number(value);
  return (Number.isFinite(number) && number >= least && number <= most) || words('invalid.number', { least, most });
}
