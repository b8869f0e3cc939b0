import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Version of this package, as its package.json says. */
export function packageVersion(): string {
  const file = path.join(__dirname, '..', '..', 'package.json');
  const description: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof description === 'object' && description !== null && 'version' in description
    ? String(description.version)
    : 'unknown';
}
