import Type, { type Static } from '#typebox';
import { events } from '../../../devices/simulated/events/catalogue';
import type { EventDeclaration } from '../../../devices/simulated/events/event';
import { dot, meanDirection, unit } from '../../inference/vectors';
import { Figure, figureOf } from './figure';
import { inTurns } from './inTurns';
import { creditWithin, type Standing, standingOf } from './standing';

/** Share of scenes whose label is the first, or among the first five. */
export const TopFigures = Type.Object({ top1: Figure, top5: Figure }, { additionalProperties: false });
export type TopFigures = Static<typeof TopFigures>;

/** An embedding of a scene with one event. */
export interface JudgedEmbedding {
  /** Unit length. */
  readonly vector: Float32Array;
  /** Id of what happens. */
  readonly event: string;
}

/** A label, and the unit vector that stands for it. */
export interface Prototype {
  readonly event: string;
  readonly vector: Float32Array;
}

/**
 * What stands for each event: the mean of its prompts' unit vectors, at unit length again (reference/imagebind.md §8).
 *
 * @param wording - `promptsOf` or `paraphrasedPromptsOf` of devices/simulated/captions.
 */
export async function labelPrototypes(
  wording: (event: EventDeclaration) => readonly string[],
  embedText: (text: string) => Promise<Float32Array>,
): Promise<readonly Prototype[]> {
  const prototypes: Prototype[] = [];
  for (const event of events) {
    const vectors: Float32Array[] = [];
    for (const text of wording(event)) vectors.push(unit(await embedText(text)));
    prototypes.push({ event: event.id, vector: meanDirection(vectors) });
  }
  return prototypes;
}

/** Scenes between two turns of the event loop: 256 × 24 labels × 128 numbers take about 2 ms. */
const SCENES_A_TURN = 256;

/** For each embedding, where its label stands among all prototypes; embeddings without a prototype are left out. */
export async function labelStandings(
  embeddings: readonly JudgedEmbedding[],
  prototypes: readonly Prototype[],
): Promise<readonly Standing[]> {
  const standings = await inTurns(embeddings, SCENES_A_TURN, ({ vector, event }) =>
    standingOf(
      prototypes.map((prototype) => dot(vector, prototype.vector)),
      (label) => prototypes[label]?.event === event,
    ),
  );
  return standings.filter((standing) => standing !== undefined);
}

/**
 * Zero-shot labels: cosine with each prototype, the highest first. A temperature would change nothing.
 *
 * @param seed - Of the intervals.
 * @throws {SensebindError} `INPUT_INVALID` without a scene of these labels.
 */
export async function zeroShot(
  embeddings: readonly JudgedEmbedding[],
  prototypes: readonly Prototype[],
  seed: number,
): Promise<TopFigures> {
  return topFigures(await labelStandings(embeddings, prototypes), seed);
}

/** Figures of standings from anywhere, such as the outputs of a supervised classifier. */
export async function topFigures(standings: readonly Standing[], seed: number): Promise<TopFigures> {
  const within = (count: number): Promise<Figure> =>
    figureOf(
      standings.map((standing) => creditWithin(standing, count)),
      seed,
    );
  return { top1: await within(1), top5: await within(5) };
}
