/** What a template holds in place of the words. */
const WORDS = '{}';

/** Sentences that words are put into; the embeddings of all of them are averaged (reference/imagebind.md §8). */
export interface PromptTemplates {
  readonly id: string;
  readonly title: string;
  readonly templates: readonly string[];
}

/**
 * The template sets that a label set can name. Written for short labels of sensor events; CLIP's own list of 80 for
 * photographs, with which the published figures were measured, is not among them.
 */
export const promptTemplates: readonly PromptTemplates[] = [
  { id: 'plain', title: 'The words as they are', templates: [WORDS] },
  {
    id: 'vision',
    title: 'Pictures',
    templates: [
      WORDS,
      'a photo of {}',
      'a blurry photo of {}',
      'a dark photo of {}',
      'a wide view of {}',
      'a camera picture that shows {}',
    ],
  },
  {
    id: 'audio',
    title: 'Sounds',
    templates: [
      WORDS,
      'the sound of {}',
      'a recording of {}',
      'a noisy recording of {}',
      'the distant sound of {}',
      '{} can be heard',
    ],
  },
  {
    id: 'depth',
    title: 'Depth pictures',
    templates: [WORDS, 'a depth map of {}', 'a depth picture that shows {}', 'the shape of {}'],
  },
  {
    id: 'thermal',
    title: 'Thermal pictures',
    templates: [WORDS, 'a thermal picture of {}', 'an infrared photo of {}', 'a heat camera shows {}'],
  },
  {
    id: 'imu',
    title: 'Movement',
    templates: [WORDS, 'the movement of {}', 'a person who is {}', 'someone wearing a sensor while {}'],
  },
];

/** One prompt a template, with `words` in its place. */
export function fillTemplates(templates: PromptTemplates, words: string): readonly string[] {
  return templates.templates.map((template) => template.replaceAll(WORDS, () => words));
}
