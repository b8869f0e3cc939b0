import { caveatsOf } from '../../models/bundle/caveats';
import type { Embedding } from '../../runtime/embedding';
import { type ErrorCode, isSensebindError, SensebindError } from '../../runtime/errors';
import type { Fused } from '../../runtime/fusion/group';
import type { WindowSpan } from '../../runtime/window/window';
import type { CompiledLabelSet } from '../../runtime/zeroshot/compileLabelSet';
import { compileLabelSet } from '../../runtime/zeroshot/compileLabelSet';
import { type Scores, score } from '../../runtime/zeroshot/score';
import { acquireChosen } from '../bundle/controller';
import type { Controller, Host, Message } from '../shared/defineNode';
import type { Encoders } from '../shared/encoders';
import { EventMaker } from '../shared/events/eventMaker';
import { liveBoard } from '../shared/live/board';
import { ORIGIN, type Origin, readingOf, type ScoresPayload } from '../shared/payloads';
import { scoresPayload } from '../shared/scoresPayload';
import type { Lease } from '../shared/shared';
import { backgroundFor } from '../shared/words/background';
import { linesOf } from '../shared/words/lines';
import { labelSetOf, rulesOf, type SenseSettings, wordsOf } from './settings';
import { type SenseSource, SenseSources } from './sources';

/** What the node works with, when it is ready. */
interface Parts {
  readonly labels: CompiledLabelSet;
  readonly sources: SenseSources;
  readonly events: EventMaker;
}

const OVERLOAD: ReadonlySet<ErrorCode> = new Set(['REQUEST_SUPERSEDED', 'REQUEST_LATE', 'QUEUE_FULL']);

/** Readings in, labelled events out: words → label set, readings → embeddings → scores → events. */
export class SenseController implements Controller {
  readonly #host: Host<SenseSettings>;
  #lease: Lease<Encoders> | undefined;
  #parts: Parts | undefined;
  #best: ScoresPayload['best'] = null;

  constructor(host: Host<SenseSettings>) {
    this.#host = host;
    // Says that nothing is to be looked for before gigabytes are loaded.
    wordsOf(host.settings);
  }

  async start(): Promise<void> {
    const { id, status, closing, clock, send, fail, warn } = this.#host;
    status.set({ fill: 'yellow', shape: 'ring', text: 'loading' });
    const lease = await acquireChosen(this.#host);
    this.#lease = lease;
    if (closing.aborted) return lease.release();
    for (const caveat of caveatsOf(lease.resource.bundle.manifest)) warn(caveat);
    const { labels, rules } = await this.#labelsFor(lease.resource);
    const events = await EventMaker.open({
      node: id,
      rules,
      clock,
      send: (message) => send([message, null]),
      fail,
      warn,
    });
    if (closing.aborted) return events.close({ isRemoved: false });
    const sources = new SenseSources({
      encoders: lease.resource,
      clock,
      labelSets: () => [labels],
      onEmbedding: (source, embedding, span) => this.#embedded(source, embedding, span),
      onFused: (fused) => this.#fused(fused),
      onFailed: (error) => {
        if (!isOverload(error)) fail(error);
      },
    });
    this.#parts = { labels, sources, events };
    liveBoard.stage(id, { name: this.#host.name, figures: () => figuresOf(sources) });
    status.set({ fill: 'green', shape: 'ring', text: 'ready' });
  }

  async input(message: Message): Promise<void> {
    const reading = readingOf(message.payload);
    if (reading === undefined) throw notAReading(message.payload);
    this.#parts?.sources.append(reading);
  }

  async close({ isRemoved }: { readonly isRemoved: boolean }): Promise<void> {
    liveBoard.forget(this.#host.id);
    await this.#parts?.sources.close();
    await this.#parts?.events.close({ isRemoved });
    await this.#lease?.release();
  }

  async #labelsFor({ engine }: Encoders) {
    const { settings } = this.#host;
    const embedText = (text: string): Promise<Embedding> => engine.encode('text', { kind: 'text', text });
    const named = linesOf(settings.background);
    const background = named.length > 0 ? named : await backgroundFor(wordsOf(settings), embedText);
    const labelSet = labelSetOf(settings, background);
    return { labels: await compileLabelSet(labelSet, embedText), rules: rulesOf(settings, labelSet) };
  }

  #embedded({ source, modality }: SenseSource, embedding: Embedding, span: WindowSpan): void {
    if (this.#parts === undefined) return;
    const { startMicros, endMicros, flags } = embedding;
    const at = { monotonicMicros: span.monotonicEndMicros, epochMicros: endMicros };
    const scores = score(embedding, this.#parts.labels);
    const origin: Origin = { kind: 'scores', source, modality, at };
    this.#scored(scores, { payload: scoresPayload(scores, { source, startMicros, endMicros, flags }), origin, at });
  }

  #fused({ group, scores: [scores], startMicros, endMicros, monotonicEndMicros, flags }: Fused): void {
    if (scores === undefined) return;
    const at = { monotonicMicros: monotonicEndMicros, epochMicros: endMicros };
    const origin: Origin = { kind: 'scores', source: group, at };
    const payload = scoresPayload(scores, { source: group, startMicros, endMicros, flags });
    this.#scored(scores, { payload, origin, at });
  }

  #scored(
    scores: Scores,
    { payload, origin, at }: { payload: ScoresPayload; origin: Origin; at: NonNullable<Origin['at']> },
  ): void {
    const { id, send } = this.#host;
    this.#best = payload.best;
    liveBoard.scores(id, payload);
    this.#parts?.events.observeScores(payload.source, scores, { at, flags: payload.flags });
    send([null, { topic: payload.source, payload, [ORIGIN]: origin } as Message]);
    this.#show();
  }

  /** What goes on, else what is most probable at the moment. */
  #show(): void {
    const active = this.#parts?.events.active ?? 0;
    const best = this.#best === null ? '' : `${this.#best.title} ${(100 * this.#best.probability).toFixed(0)} %`;
    const text = best.length > 40 ? `${best.slice(0, 39)}…` : best;
    this.#host.status.set({ fill: active > 0 ? 'blue' : 'green', shape: 'dot', text });
  }
}

/** A machine that is too slow looks less often: that is counted, and nothing that anybody can correct in a flow. */
function isOverload(error: unknown): boolean {
  return isSensebindError(error) && OVERLOAD.has(error.code);
}

function figuresOf(sources: SenseSources) {
  const stats = Object.values(sources.stats());
  const drops: Record<string, number> = {};
  for (const one of stats) {
    for (const [reason, amount] of Object.entries(one.drops)) drops[reason] = (drops[reason] ?? 0) + amount;
  }
  const encode = stats.find((one) => one.encode !== undefined)?.encode;
  return {
    perSecond: stats.reduce((sum, { windowsPerSecond }) => sum + windowsPerSecond, 0),
    drops,
    steps: encode === undefined ? {} : { encode: { p50Micros: encode.p50Micros, p95Micros: encode.p95Micros } },
  };
}

function notAReading(payload: unknown): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected a reading in msg.payload, found ${payload === null ? 'null' : typeof payload}`,
    'wire a source node of Sensebind to this node',
  );
}
