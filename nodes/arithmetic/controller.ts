import Type, { type Static } from '#typebox';
import type { Micros } from '../../runtime/clock';
import type { Embedding } from '../../runtime/embedding';
import { SensebindError } from '../../runtime/errors';
import { combine } from '../../runtime/fusion/combine';
import { ID_PATTERN } from '../../runtime/mqtt/topics';
import { Rate } from '../../runtime/rate';
import { cosine } from '../../runtime/zeroshot/arithmetic';
import { acquireChosen } from '../bundle/controller';
import type { Controller, Host, Message, Send } from '../shared/defineNode';
import { described } from '../shared/described';
import { DurationSetting, lengthOf } from '../shared/durationSetting';
import { embeddingOf, embeddingPayload, ORIGIN, type Origin, originOf } from '../shared/payloads';
import { defaultSource } from '../shared/sourceController';

const Operand = Type.Object({
  /** `message`: the embedding of the message that comes; `topic`: the newest one of a topic; `text`: of words. */
  kind: Type.Enum(['message', 'topic', 'text']),
  value: Type.Optional(Type.String({ maxLength: 4096 })),
  weight: Type.Optional(Type.Number({ minimum: -1000, maximum: 1000, title: 'a weight' })),
});
export type Operand = Static<typeof Operand>;

export const ArithmeticSettings = Type.Object({
  source: Type.Optional(
    Type.String({ pattern: ID_PATTERN, title: 'a name of 1 to 64 letters a-z, digits, "-" or "_"' }),
  ),
  bundle: Type.Optional(Type.String()),
  operation: Type.Optional(Type.Enum(['mean', 'sum', 'subtract', 'compare'])),
  operands: Type.Optional(Type.Array(Operand, { maxItems: 64 })),
  /** How long the embedding of a topic counts. */
  forgetAfter: DurationSetting,
});
export type ArithmeticSettings = Static<typeof ArithmeticSettings>;

/** What a comparison says, as a payload. */
export interface SimilarityPayload {
  readonly kind: 'similarity';
  readonly source: string;
  /** What is most like the message. */
  readonly nearest: { readonly name: string; readonly cosine: number };
  /** Cosine by topic or text, in the order of the operands. */
  readonly cosines: readonly { readonly name: string; readonly cosine: number }[];
}

/** Embeddings of so many topics are kept. */
const MOST_TOPICS = 64;

interface Kept {
  readonly embedding: Embedding;
  readonly comeMicros: Micros;
}

interface Part {
  readonly name: string;
  readonly embedding: Embedding;
  readonly weight: number;
}

/** Adds, takes away and compares embeddings: of messages, of topics and of words. */
export class ArithmeticController implements Controller {
  readonly #host: Host<ArithmeticSettings>;
  readonly #source: string;
  readonly #operands: readonly Operand[];
  readonly #rate: Rate;
  /** The newest of each topic, oldest first. */
  readonly #topics = new Map<string, Kept>();
  readonly #texts = new Map<string, Embedding>();
  #sequence = 0;

  /** @throws {SensebindError} `CONFIG_INVALID` for operands that do not fit the operation. */
  constructor(host: Host<ArithmeticSettings>) {
    this.#host = host;
    this.#source = host.settings.source ?? defaultSource('arithmetic', host.id);
    this.#operands = host.settings.operands ?? [];
    this.#rate = new Rate(host.clock);
    checkOperands(host.settings);
  }

  async start(): Promise<void> {
    const texts = this.#operands.flatMap(({ kind, value = '' }) => (kind === 'text' ? [value] : []));
    if (texts.length > 0) await this.#encode(texts);
    this.#host.status.set({ fill: 'grey', shape: 'ring', text: 'waiting' });
  }

  async input(message: Message, send: Send): Promise<void> {
    const embedding = embeddingOf(message.payload);
    if (embedding === undefined) {
      throw new SensebindError(
        'INPUT_UNSUPPORTED',
        `expected an embedding in msg.payload, found ${described(message.payload)}`,
        'wire an encode or fuse node to this node, or pass on its payload as JSON',
      );
    }
    this.#keep(topicOf(message) ?? embedding.sources[0] ?? '', embedding);
    const { operation = 'mean' } = this.#host.settings;
    if (operation === 'compare') this.#compare(embedding, message, send);
    else this.#combine(embedding, message, send);
  }

  async close(): Promise<void> {
    this.#topics.clear();
  }

  /** The encoder is needed only for this: it is given back at once, and kept for other nodes. */
  async #encode(texts: readonly string[]): Promise<void> {
    this.#host.status.set({ fill: 'yellow', shape: 'ring', text: 'loading' });
    const { resource, release } = await acquireChosen(this.#host);
    try {
      for (const text of texts) {
        this.#texts.set(
          text,
          await resource.engine.encode('text', { kind: 'text', text }, { signal: this.#host.closing }),
        );
      }
    } finally {
      await release();
    }
  }

  #keep(topic: string, embedding: Embedding): void {
    this.#topics.delete(topic);
    this.#topics.set(topic, { embedding, comeMicros: this.#host.clock.monotonicMicros() });
    const [oldest] = this.#topics.keys();
    if (this.#topics.size > MOST_TOPICS && oldest !== undefined) this.#topics.delete(oldest);
  }

  #combine(incoming: Embedding, message: Message, send: Send): void {
    const parts = this.#parts(incoming);
    if (parts === undefined) return;
    const embedding = combine(parts, { sequence: this.#sequence });
    this.#sequence++;
    this.#answer(message, {
      payload: embeddingPayload(embedding),
      kind: 'embedding',
      modality: embedding.modality,
      send,
    });
  }

  #compare(incoming: Embedding, message: Message, send: Send): void {
    const others = this.#operands.length > 0 ? this.#parts(incoming) : this.#otherTopics(message);
    const cosines = others?.map(({ name, embedding }) => ({ name, cosine: cosine(incoming, embedding) }));
    const [nearest] = cosines?.toSorted((left, right) => right.cosine - left.cosine) ?? [];
    if (cosines === undefined || nearest === undefined) return;
    const payload: SimilarityPayload = { kind: 'similarity', source: this.#source, nearest, cosines };
    this.#answer(message, { payload, kind: 'similarity', send });
  }

  /** What the operation is about; nothing as long as some of it has not come. */
  #parts(incoming: Embedding): readonly Part[] | undefined {
    const { operation = 'mean' } = this.#host.settings;
    const operands = this.#operands.length > 0 ? this.#operands : this.#topicOperands();
    const parts: Part[] = [];
    for (const [index, operand] of operands.entries()) {
      const { value = '', kind, weight = 1 } = operand;
      const embedding = this.#embeddingFor(operand, incoming);
      if (embedding === undefined) {
        this.#host.status.set({ fill: 'grey', shape: 'ring', text: `no ${value}`.slice(0, 40) });
        return undefined;
      }
      parts.push({
        name: kind === 'message' ? 'message' : value,
        embedding,
        weight: weightIn(operation, { index, weight }),
      });
    }
    return parts;
  }

  #topicOperands(): readonly Operand[] {
    const topics = [...this.#topics.keys()].filter((topic) => this.#newest(topic) !== undefined);
    return topics.map((value) => ({ kind: 'topic', value }));
  }

  #otherTopics(message: Message): readonly Part[] {
    const own = topicOf(message);
    return [...this.#topics.keys()]
      .filter((topic) => topic !== own)
      .flatMap((topic) => {
        const embedding = this.#newest(topic);
        return embedding === undefined ? [] : [{ name: topic, embedding, weight: 1 }];
      });
  }

  #embeddingFor({ kind, value = '' }: Operand, incoming: Embedding): Embedding | undefined {
    switch (kind) {
      case 'message':
        return incoming;
      case 'text':
        return this.#texts.get(value);
      case 'topic':
        return this.#newest(value);
    }
  }

  #newest(topic: string): Embedding | undefined {
    const kept = this.#topics.get(topic);
    const memory = lengthOf(this.#host.settings.forgetAfter);
    const now = this.#host.clock.monotonicMicros();
    const isOver = kept !== undefined && memory !== undefined && now - kept.comeMicros > memory * 1000;
    return isOver ? undefined : kept?.embedding;
  }

  #answer(message: Message, { payload, send, ...what }: Answer): void {
    const at = originOf({ ...message })?.at;
    const origin: Origin = { ...what, source: this.#source, ...(at === undefined ? {} : { at }) };
    this.#rate.add();
    this.#host.status.set({ fill: 'green', shape: 'dot', text: `${this.#rate.perSecond().toFixed(1)}/s` });
    send(Object.assign(message, { topic: this.#source, payload, [ORIGIN]: origin }));
  }
}

interface Answer extends Pick<Origin, 'kind' | 'modality'> {
  readonly payload: unknown;
  readonly send: Send;
}

function topicOf(message: Message): string | undefined {
  const { topic } = message;
  return typeof topic === 'string' && topic !== '' ? topic : originOf({ ...message })?.source;
}

/** Of a difference, the first operand is what the others are taken from. */
function weightIn(
  operation: 'mean' | 'sum' | 'subtract' | 'compare',
  { index, weight }: { readonly index: number; readonly weight: number },
): number {
  switch (operation) {
    case 'mean':
    case 'compare':
      return 1;
    case 'sum':
      return weight;
    case 'subtract':
      return index === 0 ? weight : -weight;
  }
}

function checkOperands({ operation, operands = [] }: ArithmeticSettings): void {
  const problem = problemOf(operation, operands);
  if (problem === undefined) return;
  throw new SensebindError('CONFIG_INVALID', problem, 'open the arithmetic node and correct its operands');
}

function problemOf(operation: ArithmeticSettings['operation'], operands: readonly Operand[]): string | undefined {
  const empty = operands.findIndex(({ kind, value = '' }) => kind !== 'message' && value.trim() === '');
  if (empty >= 0) return `expected a topic or words in operand ${empty + 1}, found nothing`;
  if (operation === 'subtract' && operands.length < 2) {
    return `expected two operands or more to take one from the other, found ${operands.length}`;
  }
  return undefined;
}
