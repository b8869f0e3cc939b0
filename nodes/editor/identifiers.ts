import { type ValidatorOptions, words } from './red';
import { isEnvironment } from './schema';

const ID = /^[a-z0-9_-]{1,64}$/;

/** Whether a name can be one level of a topic; a reason where it cannot. */
export function validId(value: unknown, _options?: ValidatorOptions): true | string {
  if (value === '' || value === undefined || isEnvironment(value)) return true;
  return (typeof value === 'string' && ID.test(value)) || words('invalid.id');
}
