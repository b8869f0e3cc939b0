import Type, { type Static } from '#typebox';
import { Random, seedOf } from '../../../devices/simulated/random';
import { SensebindError } from '../../errors';
import { dot, unit } from '../../inference/vectors';
import { Figure, figureOf } from './figure';
import { inTurns } from './inTurns';
import { RecallFigures, recallFigures } from './retrieval';
import { creditWithin, type Standing, standingOf } from './standing';
import type { JudgedEmbedding } from './zeroShot';

/** Whether image of X + sound of Y finds a picture with both, and either alone does. */
export const ArithmeticFigures = Type.Object(
  {
    gallery: Type.Integer({ minimum: 1, description: 'Pictures with two events that are searched.' }),
    both: RecallFigures,
    imageAlone: RecallFigures,
    soundAlone: RecallFigures,
    gain: Type.Object(
      { overImage: Figure, overSound: Figure },
      { additionalProperties: false, description: 'Of recall at 1, by query: above zero where it lies above zero.' },
    ),
  },
  { additionalProperties: false },
);
export type ArithmeticFigures = Static<typeof ArithmeticFigures>;

/** The embedding of a picture of two events. */
export interface PictureOfTwo {
  /** Unit length. */
  readonly vector: Float32Array;
  readonly events: readonly string[];
}

export interface ArithmeticInput {
  /** Pictures of one event each that can be seen. */
  readonly images: readonly JudgedEmbedding[];
  /** Sounds of one event each that can be heard and seen: what a picture does not show, no picture can be found by. */
  readonly sounds: readonly JudgedEmbedding[];
  readonly gallery: readonly PictureOfTwo[];
  readonly seed: number;
}

/** As in the paper (reference/imagebind.md §8). */
const WEIGHT = 0.5;

/** Queries between two turns of the event loop, three searches each. */
const QUERIES_A_TURN = 4;

interface Query {
  readonly image: JudgedEmbedding;
  readonly sound: JudgedEmbedding;
}

/**
 * Embedding arithmetic: for every picture of two events X and Y of the gallery, in both orders where both can be seen and
 * heard, an image of X and a sound of Y from other scenes are added, 0.5 each, and the gallery is searched. A hit is any
 * picture with both events.
 *
 * @throws {SensebindError} `INPUT_INVALID` where no pair has both an image and a sound.
 */
export async function arithmetic(input: ArithmeticInput): Promise<ArithmeticFigures> {
  const { gallery, seed } = input;
  const queries = drawQueries(input);
  if (queries.length === 0) {
    throw new SensebindError(
      'INPUT_INVALID',
      'Expected images and sounds of the events of the pictures, found no pair with both',
      'Ask for more scenes.',
    );
  }
  const standings = await inTurns(queries, QUERIES_A_TURN, ({ image, sound }) => {
    const hasBoth = (at: number): boolean => {
      const happening = gallery[at]?.events ?? [];
      return happening.includes(image.event) && happening.includes(sound.event);
    };
    const search = (vector: Float32Array): Standing =>
      standingOf(
        gallery.map((picture) => dot(vector, picture.vector)),
        hasBoth,
      ) ?? { above: gallery.length, level: 0 };
    return { both: search(halfEach({ image, sound })), image: search(image.vector), sound: search(sound.vector) };
  });
  const gainOver = (alone: 'image' | 'sound'): Promise<Figure> =>
    figureOf(
      standings.map((standing) => creditWithin(standing.both, 1) - creditWithin(standing[alone], 1)),
      seed,
    );
  const recallOf = (kind: 'both' | 'image' | 'sound'): Promise<RecallFigures> =>
    recallFigures(
      standings.map((standing) => standing[kind]),
      seed,
    );
  return {
    gallery: gallery.length,
    both: await recallOf('both'),
    imageAlone: await recallOf('image'),
    soundAlone: await recallOf('sound'),
    gain: { overImage: await gainOver('image'), overSound: await gainOver('sound') },
  };
}

function drawQueries({ images, sounds, gallery, seed }: ArithmeticInput): readonly Query[] {
  const random = new Random(seedOf(seed, 'arithmetic'));
  const imagesOf = byEvent(images);
  const soundsOf = byEvent(sounds);
  return gallery.flatMap(({ events }) => {
    const [first, second] = events;
    if (first === undefined || second === undefined) return [];
    return [
      [first, second],
      [second, first],
    ].flatMap(([seen = '', heard = '']) => {
      const image = pickOne(imagesOf.get(seen), random);
      const sound = pickOne(soundsOf.get(heard), random);
      return image === undefined || sound === undefined ? [] : [{ image, sound }];
    });
  });
}

function byEvent(embeddings: readonly JudgedEmbedding[]): ReadonlyMap<string, readonly JudgedEmbedding[]> {
  const lists = new Map<string, JudgedEmbedding[]>();
  for (const embedding of embeddings) {
    const list = lists.get(embedding.event);
    if (list === undefined) lists.set(embedding.event, [embedding]);
    else list.push(embedding);
  }
  return lists;
}

function pickOne(list: readonly JudgedEmbedding[] | undefined, random: Random): JudgedEmbedding | undefined {
  return list?.[random.integer(list.length)];
}

function halfEach({
  image,
  sound,
}: {
  readonly image: JudgedEmbedding;
  readonly sound: JudgedEmbedding;
}): Float32Array {
  return unit(image.vector.map((value, at) => WEIGHT * value + WEIGHT * (sound.vector[at] ?? 0)));
}
