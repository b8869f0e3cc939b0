import { type ValidatorOptions, words } from './red';

const ID = /^[a-z0-9_-]{1,64}$/;

/** Whether a name can be one level of a topic; a reason where it cannot. */
export function validId(value: unknown, _options?: ValidatorOptions): true | string {
  return value === '' || value === undefined || (typeof value === 'string' && ID.test(value)) || words('invalid.id');
}
