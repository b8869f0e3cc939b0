/**
 * Breaks things on purpose, many times: `npm run faults [-- --times N]`. Exit code 1 when something broke otherwise.
 */
import { parseArgs } from 'node:util';
import { ENDINGS, endOnce, slowBundle } from './endings';

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { times: { type: 'string', default: '50' } } });
  const times = Number(values.times);
  const bundle = await slowBundle();
  let failures = 0;
  try {
    for (const scenario of ENDINGS) {
      const wrong: (number | string | null)[] = [];
      for (let run = 0; run < times; run++) {
        const found = await endOnce(scenario, bundle.directory);
        if (found !== scenario.expected) wrong.push(found);
      }
      failures += wrong.length;
      const { activity, ending, expected } = scenario;
      const verdict = wrong.length === 0 ? 'ok  ' : 'FAIL';
      console.log(
        `${verdict} ${ending} while ${activity}: ${times - wrong.length} of ${times} ended with ${expected}${wrong.length === 0 ? '' : `, others with ${wrong.join(', ')}`}`,
      );
    }
  } finally {
    await bundle.remove();
  }
  return failures === 0 ? 0 : 1;
}

void main().then((code) => {
  process.exitCode = code;
});
