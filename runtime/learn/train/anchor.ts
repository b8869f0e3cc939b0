import type { TensorLayout } from '../../../models/imagebind/layout';
import type { EncoderPlan } from '../../../models/imagebind/plan';
import { createTokenizer } from '../../../models/text/tokenizer';
import { applyShift, erase, NoiseTable, randomShift } from '../../../models/training/augment';
import { BatchOrder, mixed } from '../../../models/training/batchOrder';
import { learntEncoder, learntLayout, pairTrainingGraph } from '../../../models/training/contrastiveGraph';
import { LearntSession } from '../../../models/training/gradientSession';
import { slotsOf } from '../../../models/training/initialise';
import { SeededNumbers } from '../../../models/training/seededNumbers';
import { SensebindError } from '../../errors';
import { openSceneSet, type SceneSet } from '../openSceneSet';
import type { SceneSetSpec } from '../sceneSetSpec';
import { makeSceneSet, type SceneSetOptions } from '../sceneSets';
import { worldTokenizer } from '../worldTokenizer';
import { LARGEST_SHIFT } from './itemAugmenter';
import type { StageRecipe } from './miniRecipe';
import { miniPlan } from './plans';
import { type PreparedStage, recallAt1, type TrainingContext, trainStage } from './stage';

/** The two towers that everything else is bound to: what was learnt of each. */
export interface Anchor {
  readonly vision: Float32Array;
  readonly text: Float32Array;
  readonly losses: readonly number[];
  readonly seconds: number;
}

export interface AnchorOptions extends TrainingContext {
  readonly recipe: StageRecipe;
  readonly worldSeed: number;
  readonly scenes: Pick<SceneSetOptions, 'root' | 'workers' | 'onProgress'>;
}

const ERASED_SHARE = 0.25;
/** Examples at the end of the set that are never trained on: they show how training goes. */
const HELD_BACK = 256;

/** Trains image and text together on captioned scenes (symmetric InfoNCE, both learn): arXiv 2103.00020, figure 3. */
export async function trainAnchor(options: AnchorOptions): Promise<Anchor> {
  const { recipe, worldSeed } = options;
  const spec: SceneSetSpec = { set: 'captioned', count: recipe.scenes, seed: worldSeed };
  const plans = [await miniPlan('vision'), await miniPlan('text')] as const;
  const [vision, text] = [learntLayout(plans[0]), learntLayout(plans[1])];
  const { parameters, losses, seconds } = await trainStage(
    {
      name: 'anchor',
      layout: [...vision, ...text],
      recipe,
      depends: spec,
      prepare: () => prepareAnchor(plans, { spec, options }),
    },
    options,
  );
  const split = elementsOf(vision);
  return { vision: parameters.subarray(0, split), text: parameters.subarray(split), losses, seconds };
}

async function prepareAnchor(
  plans: readonly [EncoderPlan, EncoderPlan],
  { spec, options }: { readonly spec: SceneSetSpec; readonly options: AnchorOptions },
): Promise<PreparedStage> {
  const { recipe, scenes, clock, signal, threads } = options;
  const { folder } = await makeSceneSet(spec, { ...scenes, sensors: ['vision'], clock, signal });
  const set = await openSceneSet(folder, { sensors: ['vision'], signal });
  const captions = new CaptionTokens(set);
  const examples = new AnchorExamples(set, { captions, recipe });
  const evaluation = await Evaluation.create(set, { captions, threads });
  return {
    graph: pairTrainingGraph(plans, { batch: recipe.batch }),
    feeds: (step) => examples.feeds(step),
    recallAt1: (parameters) => evaluation.recallAt1(parameters),
    release: () => evaluation.release(),
  };
}

function elementsOf(layout: readonly TensorLayout[]): number {
  return slotsOf(layout).reduce((total, { length }) => total + length, 0);
}

/** Every caption of a set as token ids. */
class CaptionTokens {
  readonly length: number;
  readonly perScene: number;
  readonly #ids: Int32Array;

  constructor({ captions, count }: SceneSet) {
    if (captions === undefined)
      throw new SensebindError('INTERNAL', 'Expected captions, found none', 'Please report this.');
    const tokenizer = createTokenizer(worldTokenizer());
    this.length = tokenizer.contextLength;
    this.perScene = captions[0]?.length ?? 0;
    this.#ids = new Int32Array(count * this.perScene * this.length);
    for (const [scene, texts] of captions.entries()) {
      for (const [index, text] of texts.entries()) {
        this.#ids.set(tokenizer.encode(text), (scene * this.perScene + index) * this.length);
      }
    }
  }

  of(scene: number, index: number): Int32Array {
    const start = (scene * this.perScene + index) * this.length;
    return this.#ids.subarray(start, start + this.length);
  }
}

/** Batches of pictures, changed a little, with one of their captions each. */
class AnchorExamples {
  readonly #set: SceneSet;
  readonly #captions: CaptionTokens;
  readonly #recipe: StageRecipe;
  readonly #order: BatchOrder;
  readonly #noise: NoiseTable;
  readonly #pictures: Float32Array;
  readonly #texts: Int32Array;

  constructor(set: SceneSet, { captions, recipe }: { readonly captions: CaptionTokens; readonly recipe: StageRecipe }) {
    const { batch, seed } = recipe;
    this.#set = set;
    this.#captions = captions;
    this.#recipe = recipe;
    this.#order = new BatchOrder({ count: set.count - HELD_BACK, batch, seed });
    this.#noise = new NoiseTable(seed);
    this.#pictures = new Float32Array(batch * set.items('vision').length);
    this.#texts = new Int32Array(batch * captions.length);
  }

  feeds(step: number): { readonly vision: Float32Array; readonly text: Int32Array } {
    const { seed, noise } = this.#recipe;
    const random = new SeededNumbers(mixed(seed, step));
    const scenes = this.#order.at(step);
    this.#set.take('vision', scenes, this.#pictures);
    const { length, shape } = this.#set.items('vision');
    const [channels = 0, , height = 0, width = 0] = shape;
    for (const [row, scene] of scenes.entries()) {
      const picture = this.#pictures.subarray(row * length, (row + 1) * length);
      applyShift(picture, { channels, height, width }, randomShift(random, LARGEST_SHIFT));
      if (random.next() < ERASED_SHARE) erase(picture, { channels, height, width }, random);
      this.#texts.set(this.#captions.of(scene, random.integer(this.#captions.perScene)), row * this.#captions.length);
    }
    this.#noise.add(this.#pictures, { deviation: noise, random });
    return { vision: this.#pictures, text: this.#texts };
  }
}

/** How well held-back pictures find their captions. */
class Evaluation {
  readonly #vision: LearntSession;
  readonly #text: LearntSession;
  readonly #split: number;
  readonly #pictures: Float32Array;
  readonly #texts: Int32Array;
  readonly #dimensions: number;

  private constructor(
    sessions: { readonly vision: LearntSession; readonly text: LearntSession },
    items: { readonly pictures: Float32Array; readonly texts: Int32Array },
    sizes: { readonly split: number; readonly dimensions: number },
  ) {
    this.#vision = sessions.vision;
    this.#text = sessions.text;
    this.#pictures = items.pictures;
    this.#texts = items.texts;
    this.#split = sizes.split;
    this.#dimensions = sizes.dimensions;
  }

  static async create(
    set: SceneSet,
    { captions, threads }: { readonly captions: CaptionTokens; readonly threads: number },
  ): Promise<Evaluation> {
    const [visionPlan, textPlan] = [await miniPlan('vision'), await miniPlan('text')];
    const scenes = Uint32Array.from({ length: HELD_BACK }, (_, index) => set.count - HELD_BACK + index);
    const pictures = new Float32Array(HELD_BACK * set.items('vision').length);
    set.take('vision', scenes, pictures);
    const texts = new Int32Array(HELD_BACK * captions.length);
    for (const [row, scene] of scenes.entries()) texts.set(captions.of(scene, 0), row * captions.length);
    const split = elementsOf(learntLayout(visionPlan));
    const vision = await LearntSession.create(learntEncoder(visionPlan), { threads });
    const text = await LearntSession.create(learntEncoder(textPlan), { threads });
    return new Evaluation({ vision, text }, { pictures, texts }, { split, dimensions: visionPlan.dimensions });
  }

  async recallAt1(parameters: Float32Array): Promise<number> {
    const pictures = await this.#vision.embed(parameters.subarray(0, this.#split), this.#pictures);
    const texts = await this.#text.embed(parameters.subarray(this.#split), this.#texts);
    return recallAt1(pictures, texts, this.#dimensions);
  }

  async release(): Promise<void> {
    await this.#vision.release();
    await this.#text.release();
  }
}
