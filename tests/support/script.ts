import { spawnSync } from 'node:child_process';

/** Why no program can be given a terminal here (script(1), of util-linux); `false` when it can. */
export const withoutScript: string | false =
  spawnSync('script', ['--version']).error === undefined ? false : 'script is missing: apt-get install bsdutils';
