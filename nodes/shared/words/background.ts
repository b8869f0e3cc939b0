import { isSensebindError } from '../../../runtime/errors';

interface UsualThing {
  readonly prompt: string;
  /** How words begin that speak of the same: whoever looks for it has it not in the background. */
  readonly about: readonly string[];
}

/** What there is when nothing is the matter. */
const QUIET = [
  'an empty room',
  'nobody around',
  'a quiet empty space',
  'nothing going on',
  'silence',
  'background noise',
] as const;

/** What is often there. Without it, whatever is not quiet counts as the one thing that is looked for. */
const USUAL: readonly UsualThing[] = [
  { prompt: 'a person walking', about: ['walk', 'step', 'foot', 'visitor'] },
  { prompt: 'people talking', about: ['people', 'talk', 'crowd', 'speech', 'speak', 'voice', 'conversation'] },
  { prompt: 'a running machine', about: ['machine', 'motor', 'engine', 'conveyor', 'bearing'] },
  { prompt: 'a loud noise', about: ['loud', 'noise', 'noisy', 'bang'] },
  { prompt: 'a barking dog', about: ['dog', 'bark', 'animal'] },
  { prompt: 'a door slam', about: ['door', 'slam'] },
  { prompt: 'a siren going off', about: ['siren', 'alarm', 'beacon', 'warning'] },
  { prompt: 'a crash into something', about: ['crash', 'collision', 'collid', 'hit', 'accident'] },
  { prompt: 'things dropped on the floor', about: ['drop', 'fall', 'toppl', 'object', 'box'] },
  { prompt: 'a fire burning', about: ['fire', 'burn', 'flame', 'smoke'] },
  { prompt: 'water running out of a pipe', about: ['water', 'pipe', 'leak', 'drip', 'puddle', 'rain', 'tap'] },
  { prompt: 'music', about: ['music', 'song', 'sing', 'radio'] },
  { prompt: 'traffic', about: ['traffic', 'car', 'vehicle', 'truck', 'road'] },
  { prompt: 'wind', about: ['wind', 'storm', 'weather'] },
];

/**
 * What to tell labels from, for people who named nothing: quiet, and what is usual elsewhere and none of the labels speaks
 * of. Prompts with words that the bundle does not know are left out.
 *
 * @throws what `embedText` throws, but for `WORD_UNKNOWN`.
 */
export async function backgroundFor(
  labels: readonly string[],
  embedText: (text: string) => Promise<unknown>,
): Promise<readonly string[]> {
  const named = labels.flatMap((label) => label.toLowerCase().split(/[^\p{L}]+/u)).filter((word) => word !== '');
  const isNamed = ({ about }: UsualThing): boolean =>
    about.some((beginning) => named.some((word) => word.startsWith(beginning)));
  const wanted = [...QUIET, ...USUAL.filter((thing) => !isNamed(thing)).map(({ prompt }) => prompt)];
  const known: string[] = [];
  for (const prompt of wanted) if (await isKnown(prompt, embedText)) known.push(prompt);
  return known;
}

async function isKnown(prompt: string, embedText: (text: string) => Promise<unknown>): Promise<boolean> {
  try {
    await embedText(prompt);
    return true;
  } catch (error) {
    if (isSensebindError(error, 'WORD_UNKNOWN')) return false;
    throw error;
  }
}
