/**
 * Judges the simulated world and what is made of it. Exit code 1 when a figure misses its limit.
 *
 *     npm run world                 # whether it gives its events away; about two minutes
 *     npm run world -- truth        # whether the pipeline finds what really happens: 20 scenarios of 5 minutes
 */
import { leaksMain } from './leaksMain';
import { truthMain } from './truth/main';

async function main([command, ...args]: readonly string[]): Promise<boolean> {
  return command === 'truth' ? truthMain(args) : leaksMain();
}

main(process.argv.slice(2)).then(
  (holds) => {
    process.exitCode = holds ? 0 : 1;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
