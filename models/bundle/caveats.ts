import type { Manifest } from './manifest';

/** What has to be said wherever the numbers of a bundle are shown; nothing for most. */
export function caveatsOf({ trained, notice }: Manifest): readonly string[] {
  const random = 'this bundle has random weights. Its numbers show that everything works; they mean nothing.';
  return [...(trained ? [] : [random]), ...(notice === undefined ? [] : [notice])];
}
