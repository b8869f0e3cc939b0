import { captionsOf } from '../../../devices/simulated/captions';
import { events } from '../../../devices/simulated/events/catalogue';
import { Random, seedOf } from '../../../devices/simulated/random';
import { fillTemplates, promptTemplates } from '../../../models/text/prompts';
import { planScenes, sceneOf } from '../scenePlan';

const SEED = 2 ** 20 - 1;

/** Captions of scenes and labels in the templates that label sets can name, in turn. The same each time. */
export function* generatedTexts(count: number): Generator<string, void> {
  const random = new Random(seedOf(SEED, 'calibration texts'));
  const prompts = promptTemplates.flatMap((templates) => {
    return events.flatMap(({ phrases }) => phrases.flatMap((phrase) => fillTemplates(templates, phrase)));
  });
  const scenes = planScenes({ set: 'captioned', count, seed: SEED });
  for (const planned of scenes) {
    const captions = captionsOf(sceneOf(planned), { count: 1 });
    // Of each two, one for calibration and one that is held back: both kinds in either.
    yield random.integer(2) === 0 ? (captions[0] ?? '') : (prompts[random.integer(prompts.length)] ?? '');
  }
}
