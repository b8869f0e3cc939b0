import { everyWording } from '../../devices/simulated/captions';
import { IMAGEBIND_MINI } from '../../models/imagebind/layout';
import { fillTemplates, promptTemplates } from '../../models/text/prompts';
import { prunedTokenizer } from '../../models/text/publishedTokenizer';
import type { TokenizerDefinition } from '../../models/text/tokenizerDefinition';

/**
 * The tokenizer of the small model: it knows what the simulated world is described with, and the words of the prompt
 * templates that a label set can name. `IMAGEBIND_MINI` has one row for each of its ids. Takes 0.4 s.
 */
export function worldTokenizer(): TokenizerDefinition {
  const templates = promptTemplates.flatMap((template) => fillTemplates(template, ''));
  return prunedTokenizer({
    texts: [...everyWording(), ...templates],
    contextLength: IMAGEBIND_MINI.towers.text.tokens,
  });
}
