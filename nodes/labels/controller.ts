import { Compile } from '#typebox/compile';
import { caveatsOf } from '../../models/bundle/caveats';
import type { Embedding } from '../../runtime/embedding';
import { SensebindError } from '../../runtime/errors';
import { LabelSet } from '../../runtime/zeroshot/labelSet';
import { LabelSets } from '../../runtime/zeroshot/labelSets';
import { score } from '../../runtime/zeroshot/score';
import { acquireChosen } from '../bundle/controller';
import type { Controller, Host, Message, Send } from '../shared/defineNode';
import type { Encoders } from '../shared/encoders';
import { liveBoard } from '../shared/live/board';
import { embeddingOf, ORIGIN, type Origin, originOf } from '../shared/payloads';
import { scoresPayload } from '../shared/scoresPayload';
import type { Lease } from '../shared/shared';
import { backgroundFor } from '../shared/words/background';
import { linesOf } from '../shared/words/lines';
import { latestScores } from './latest';
import { type LabelsSettings, labelSetOf, namesBackground } from './settings';

/** A message with this topic brings another label set. */
const SET_TOPIC = 'labels/set';

const validator = Compile(LabelSet);

/** Embeddings in, scores out: what words say about each. */
export class LabelsController implements Controller {
  readonly #host: Host<LabelsSettings>;
  #lease: Lease<Encoders> | undefined;
  #labelSets: LabelSets | undefined;
  /** Id of the set of the settings: what takes its place has the same. */
  #set = '';

  constructor(host: Host<LabelsSettings>) {
    this.#host = host;
  }

  async start(): Promise<void> {
    const { status, closing, warn, settings } = this.#host;
    status.set({ fill: 'yellow', shape: 'ring', text: 'loading' });
    const lease = await acquireChosen(this.#host);
    this.#lease = lease;
    if (closing.aborted) return lease.release();
    const { bundle, engine } = lease.resource;
    for (const caveat of caveatsOf(bundle.manifest)) warn(caveat);
    const embedText = (text: string): Promise<Embedding> => engine.encode('text', { kind: 'text', text });
    const titles = settings.labels.map(({ title }) => title);
    // Two labels or more tell themselves from each other: only a single one needs what nobody named.
    const isAlone = titles.length === 1 && !namesBackground(settings);
    const background = isAlone ? await backgroundFor(titles, embedText) : linesOf(settings.background);
    const labelSet = labelSetOf(settings, background);
    const labelSets = new LabelSets({ embedText });
    await labelSets.put(labelSet);
    this.#set = labelSet.id;
    this.#labelSets = labelSets;
    status.set({ fill: 'green', shape: 'ring', text: 'ready' });
  }

  async input(message: Message, send: Send): Promise<void> {
    if (message.topic === SET_TOPIC) return this.#replace(message.payload);
    const embedding = embeddingOf(message.payload);
    if (embedding === undefined) throw notAnEmbedding(message.payload);
    const compiled = this.#labelSets?.get(this.#set)?.compiled;
    if (compiled === undefined) return;
    const scores = score(embedding, compiled);
    const origin = this.#originOf(message, embedding);
    const { startMicros, endMicros, flags } = embedding;
    const payload = scoresPayload(scores, { source: origin.source, startMicros, endMicros, flags });
    latestScores.take(this.#host.id, payload);
    liveBoard.scores(this.#host.id, payload);
    const best = payload.best === null ? '–' : `${payload.best.title} ${(100 * payload.best.probability).toFixed(0)} %`;
    this.#host.status.set({ fill: 'green', shape: 'dot', text: best.slice(0, 40) });
    send(Object.assign(message, { topic: origin.source, payload, [ORIGIN]: origin }));
  }

  async close(): Promise<void> {
    latestScores.forget(this.#host.id);
    liveBoard.forget(this.#host.id);
    await this.#lease?.release();
  }

  #originOf(message: Message, { sources, modality, endMicros }: Embedding): Origin {
    const before = originOf({ ...message });
    const source = before?.source ?? sources[0] ?? modality;
    const at = before?.at ?? { monotonicMicros: this.#host.clock.monotonicMicros(), epochMicros: endMicros };
    return { kind: 'scores', source, modality, at };
  }

  /** In use until the next deploy: between two embeddings, with the next revision. */
  async #replace(payload: unknown): Promise<void> {
    const wanted = typeof payload === 'object' ? { revision: 0, ...payload, id: this.#set } : payload;
    if (!validator.Check(wanted)) throw notALabelSet(wanted);
    const highest = this.#labelSets?.kept(this.#set).highest ?? 0;
    await this.#labelSets?.put({ ...wanted, revision: Math.max(wanted.revision, highest + 1) });
    latestScores.forget(this.#host.id);
  }
}

function notAnEmbedding(payload: unknown): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected an embedding in msg.payload, found ${payload === null ? 'null' : typeof payload}`,
    `wire an encode node to this node, or send a label set with the topic ${SET_TOPIC}`,
  );
}

function notALabelSet(value: unknown): SensebindError {
  const [problem] = validator.Errors(value);
  return new SensebindError(
    'CONFIG_INVALID',
    `expected a label set in msg.payload, found ${problem === undefined ? 'something else' : `${problem.instancePath || 'one that'} ${problem.message}`}`,
    'send { labels: [{ id, title, prompts, negatives, threshold }], background: [] }',
  );
}
