import type { Flag } from '../reading';
import type { JointWindow } from './jointWindows';

/** How much each part of a joint window counts: what is there shares the whole weight, less for what is older. */
export function sharesOf(
  { parts }: JointWindow<unknown>,
  weightOf: (source: string) => number,
): Readonly<Record<string, number>> {
  const weights = parts.map(({ source, freshness }) => ({ source, weight: weightOf(source) * freshness }));
  const total = weights.reduce((sum, { weight }) => sum + weight, 0);
  return Object.fromEntries(weights.map(({ source, weight }) => [source, weight / total]));
}

/** What has to be known of what is made of a joint window. */
export function flagsOfWindow({ parts, missing }: JointWindow<unknown>): readonly Flag[] {
  return [
    ...(missing.length > 0 ? (['source-missing'] as const) : []),
    ...(parts.some(({ freshness }) => freshness < 1) ? (['stale'] as const) : []),
  ];
}
