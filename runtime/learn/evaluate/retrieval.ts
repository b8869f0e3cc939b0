import Type, { type Static } from '#typebox';
import { Random, seedOf } from '../../../devices/simulated/random';
import { SensebindError } from '../../errors';
import { dot } from '../../inference/vectors';
import { Figure, figureOf } from './figure';
import { inTurns } from './inTurns';
import { creditWithin, type Standing, standingOf } from './standing';

/** Share of queries whose own partner is among the first 1, 5 or 10. */
export const RecallFigures = Type.Object({ at1: Figure, at5: Figure, at10: Figure }, { additionalProperties: false });
export type RecallFigures = Static<typeof RecallFigures>;

/** Recall in pools of a stated size: chance of `at1` is 1 / pool. */
export const RetrievalFigures = Type.Object(
  { pool: Type.Integer({ minimum: 1 }), recall: RecallFigures },
  { additionalProperties: false },
);
export type RetrievalFigures = Static<typeof RetrievalFigures>;

/** Queries between two turns of the event loop: 16 × 500 partners × 128 numbers take about 2 ms. */
const QUERIES_A_TURN = 16;

/**
 * Nearest neighbours by cosine: each query looks for its own partner in a pool of partners. Scenes are dealt to pools of
 * one size by chance; those that fill none are left out. Partners that equal each other, such as captions of the same
 * words, are told apart by chance.
 *
 * @param queries - Unit vectors, such as of sounds.
 * @param partners - Unit vectors in the same order, such as of the pictures of the same scenes.
 * @throws {SensebindError} `INPUT_INVALID` for lists of different lengths, or fewer scenes than a pool has.
 */
export async function retrieval(
  queries: readonly Float32Array[],
  partners: readonly Float32Array[],
  { pool, seed }: { readonly pool: number; readonly seed: number },
): Promise<RetrievalFigures> {
  if (queries.length !== partners.length || queries.length < pool || pool < 1) {
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected as many partners as queries, at least ${pool}, found ${partners.length} and ${queries.length}`,
      'Ask for more scenes or smaller pools.',
    );
  }
  const dealt = new Random(seedOf(seed, 'pools')).shuffled(Array.from(queries.keys()));
  const standings: Standing[] = [];
  for (let start = 0; start + pool <= dealt.length; start += pool) {
    standings.push(...(await standingsIn(dealt.slice(start, start + pool), queries, partners)));
  }
  return { pool, recall: await recallFigures(standings, seed) };
}

async function standingsIn(
  scenes: readonly number[],
  queries: readonly Float32Array[],
  partners: readonly Float32Array[],
): Promise<readonly Standing[]> {
  const pool = scenes.map((scene) => partners[scene] ?? NOTHING);
  const standings = await inTurns(scenes, QUERIES_A_TURN, (scene, own) => {
    const query = queries[scene] ?? NOTHING;
    return standingOf(
      pool.map((partner) => dot(query, partner)),
      (candidate) => candidate === own,
    );
  });
  return standings.filter((standing) => standing !== undefined);
}

const NOTHING = new Float32Array();

/** Figures at 1, 5 and 10. */
export async function recallFigures(standings: readonly Standing[], seed: number): Promise<RecallFigures> {
  const within = (count: number): Promise<Figure> =>
    figureOf(
      standings.map((standing) => creditWithin(standing, count)),
      seed,
    );
  return { at1: await within(1), at5: await within(5), at10: await within(10) };
}
