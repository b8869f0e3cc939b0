import { UsageError } from './output';

const BYTES_PER_UNIT = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;

const size = /^(?<count>\d{1,15}(?:\.\d{1,6})?) ?(?<unit>B|kB|MB|GB|TB|KiB|MiB|GiB)?$/;

/** A number of bytes as people write it: `500MB`, `1.5GiB`, `4096`. @throws {UsageError} unless it is one. */
export function parseByteSize(option: string, text: string): number {
  const parts = size.exec(text)?.groups;
  if (!parts)
    throw new UsageError(`expected ${option} with a size such as 1GB, found ${text}`, 'Write a number and a unit.');
  const unit = (parts['unit'] ?? 'B') as keyof typeof BYTES_PER_UNIT;
  return Math.floor(Number(parts['count']) * BYTES_PER_UNIT[unit]);
}
