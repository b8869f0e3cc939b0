import Type from '#typebox';
import type { Millis } from '../../runtime/clock';
import { DURATION_PATTERN, parseDuration } from '../../runtime/config/duration';

/** A field such as `2s` or `500ms`; empty where the default is meant. */
export const DurationSetting = Type.Optional(
  Type.String({ pattern: DURATION_PATTERN, title: 'a duration such as 2s or 500ms' }),
);

/** The length of a field that was checked. */
export function lengthOf(setting: string | undefined): Millis | undefined {
  return setting === undefined ? undefined : parseDuration(setting);
}
