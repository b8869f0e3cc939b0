import { events } from './events/catalogue';
import type { EventDeclaration } from './events/event';
import { Random, seedOf } from './random';
import { rooms } from './rooms';
import { perceivedBy, type Scene } from './scene';

const LIGHTS = ['dim', '', 'bright'] as const;
const SIDES = ['on the left', 'in the middle', 'on the right', ''] as const;
const DISTANCES = ['nearby', '', 'far away'] as const;

/** What prompts that belong to no room call it. */
const ANY_ROOM = 'place';

/** What a caption is made of. */
interface Words {
  /** What happens, without what cannot be seen. */
  readonly what: string;
  readonly room: string;
  /** Nothing where it is neither. */
  readonly light: (typeof LIGHTS)[number];
  /** Where, of a single event. */
  readonly where: (typeof SIDES)[number];
  readonly distance: (typeof DISTANCES)[number];
}

type Template = (words: Words) => string;

/** Ways to put a scene into words. What the small model is trained with. */
export const captionTemplates: readonly [Template, ...Template[]] = [
  ({ what, light, room }) => `${what} in a ${light} ${room}`,
  ({ what, where, room }) => `a camera view of ${what} ${where} of the ${room}`,
  ({ what, distance, where }) => `${what} ${distance} ${where}`,
  ({ what }) => `there is ${what}`,
  ({ what, room }) => `in the ${room} ${what}`,
  ({ what, light, room, distance }) => `${light} ${room} with ${what} ${distance}`,
  ({ what }) => `a picture of ${what}`,
  ({ what }) => what,
];

/** Others, kept out of training: they show whether a prompt has to be worded as the captions were. */
export const paraphraseTemplates: readonly [Template, ...Template[]] = [
  ({ what }) => `this looks like ${what}`,
  ({ what, room }) => `${what} can be seen in this ${room}`,
  ({ what }) => `the scene shows ${what}`,
  ({ what }) => `we have ${what} here`,
];

/** What a scene is called in which nothing can be seen to happen. */
export const CALM_PHRASES: readonly [string, ...string[]] = [
  'an empty room',
  'nobody around',
  'a quiet empty space',
  'nothing going on',
];

/**
 * Captions of what the camera sees: what cannot be seen is not in them. Every caption of a scene tells the same in other
 * words, without two spaces in a row.
 */
export function captionsOf(
  whole: Scene,
  {
    count = 4,
    templates = captionTemplates,
  }: { readonly count?: number; readonly templates?: typeof captionTemplates } = {},
): readonly string[] {
  const scene = perceivedBy(whole, 'vision');
  const random = new Random(seedOf(scene.seed, 'captions'));
  return Array.from({ length: count }, () => {
    const words = wordsOf(scene, random);
    return tidy(random.pick(templates)(words));
  });
}

/** Prompts for one label: each of its phrases in each template that names no room. */
export function promptsOf({ phrases }: EventDeclaration): readonly string[] {
  return phrases.flatMap((phrase) => [phrase, `there is ${phrase}`, `a picture of ${phrase}`]);
}

/** The same with templates that no caption uses. */
export function paraphrasedPromptsOf({ phrases }: EventDeclaration): readonly string[] {
  return phrases.flatMap((what) =>
    paraphraseTemplates.map((template) => tidy(template({ what, room: ANY_ROOM, light: '', where: '', distance: '' }))),
  );
}

/**
 * Texts that together hold every word of every caption, paraphrase and prompt: what a vocabulary of this world is made
 * of. Not captions to train with: paraphrases are among them.
 */
export function everyWording(): readonly string[] {
  const phrases = [...events.flatMap((event) => event.phrases), ...CALM_PHRASES];
  const plain: Words = { what: '', room: ANY_ROOM, light: '', where: '', distance: '' };
  const parts: readonly Words[] = [
    ...phrases.map((what) => ({ ...plain, what })),
    ...phrases.map((what) => ({ ...plain, what: together([what, what]) })),
    ...rooms.map(({ name }) => ({ ...plain, room: name })),
    ...LIGHTS.map((light) => ({ ...plain, light })),
    ...SIDES.map((where) => ({ ...plain, where })),
    ...DISTANCES.map((distance) => ({ ...plain, distance })),
  ];
  const filled = [...captionTemplates, ...paraphraseTemplates].flatMap((template) => parts.map(template));
  return [...new Set([...filled.map(tidy), ...events.flatMap(promptsOf)])];
}

function wordsOf(scene: Scene, random: Random): Words {
  const phrases = scene.happenings.map(({ event }) => random.pick(event.phrases));
  const [only] = scene.happenings.length === 1 ? scene.happenings : [];
  return {
    what: phrases.length > 0 ? together(phrases) : random.pick(CALM_PHRASES),
    room: scene.room.name,
    light: scene.light.level < 0.78 ? 'dim' : scene.light.level > 1.05 ? 'bright' : '',
    where: side(only?.place.across),
    distance: only === undefined ? '' : only.place.away < 0.33 ? 'nearby' : only.place.away > 0.67 ? 'far away' : '',
  };
}

/** Several happenings in one caption. */
function together(phrases: readonly string[]): string {
  return phrases.join(' and ');
}

function side(across: number | undefined): Words['where'] {
  if (across === undefined) return 'in the middle';
  if (across < -0.33) return 'on the left';
  return across > 0.33 ? 'on the right' : 'in the middle';
}

function tidy(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
