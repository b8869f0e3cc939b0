import Type, { type Static } from '#typebox';
import type { TakeMessage } from '../../devices/ports/messages';
import { readReadings } from '../../devices/readingsIn/message';
import { SensebindError } from '../../runtime/errors';
import { ID_PATTERN } from '../../runtime/mqtt/topics';
import type { MutableSource } from '../../runtime/mutableSource';
import type { Modality } from '../../runtime/reading';
import type { Controller, Host, Message } from '../shared/defineNode';
import { SourceName } from '../shared/sourceController';
import { SourceFeed, statusOfFeeds } from '../shared/sourceFeed';
import { createSource } from '../shared/sources';

export const ReadingsInSettings = Type.Object({
  source: SourceName,
  silentAfterSeconds: Type.Optional(Type.Number({ minimum: 1, maximum: 86_400 })),
});
export type ReadingsInSettings = Static<typeof ReadingsInSettings>;

/** More boards than this on one node are a mistake: somebody publishes under ever new names. */
const MOST_BOARDS = 64;

interface Board {
  readonly feed: SourceFeed;
  readonly source: MutableSource;
  /** Left out while its device waits, or is muted. */
  take: TakeMessage | undefined;
}

/** Takes what boards publish as `readings/1` (docs/readings-in.md) and sends it as readings. */
export class ReadingsInController implements Controller {
  readonly #host: Host<ReadingsInSettings>;
  readonly #boards = new Map<string, Promise<Board>>();
  readonly #feeds: SourceFeed[] = [];

  constructor(host: Host<ReadingsInSettings>) {
    this.#host = host;
  }

  async start(): Promise<void> {
    this.#host.status.set({ fill: 'grey', shape: 'ring', text: 'waiting for readings' });
  }

  async input({ payload, topic, retain }: Message & { readonly retain?: unknown }): Promise<void> {
    const arrivedMicros = this.#host.clock.monotonicMicros();
    if (!(payload instanceof Uint8Array)) throw notBytes(payload);
    const { kind } = readReadings(payload);
    const { feed, take } = await this.#boardOf(this.#host.settings.source ?? sourceIn(topic), kind);
    // What a broker kept comes again with every connect, as if it were new.
    if (retain === true) feed.lost('stale', 1);
    else take?.(payload, arrivedMicros);
  }

  async close(): Promise<void> {
    for (const feed of this.#feeds) feed.forget();
    const boards = await Promise.allSettled(this.#boards.values());
    await Promise.all(boards.map(async (board) => board.status === 'fulfilled' && board.value.source.close()));
  }

  #boardOf(source: string, modality: Modality): Promise<Board> {
    const known = this.#boards.get(source);
    if (known !== undefined) return known;
    if (this.#boards.size >= MOST_BOARDS) throw tooManyBoards();
    const opening = this.#open(source, modality);
    this.#boards.set(source, opening);
    opening.catch(() => this.#boards.delete(source));
    return opening;
  }

  async #open(source: string, modality: Modality): Promise<Board> {
    const { id, clock, settings, userFolder, status, send, fail, closing } = this.#host;
    const { silentAfterSeconds } = settings;
    const feed = new SourceFeed({
      key: `${id}:${source}`,
      source,
      modality,
      clock,
      send,
      fail,
      changed: () => status.set(statusOfFeeds(this.#feeds)),
    });
    const kind = `mqtt-${modality === 'vision' ? 'camera' : modality}`;
    const board: { take: TakeMessage | undefined } = { take: undefined };
    const opened = await createSource({
      source,
      modality,
      device: { kind, ...(silentAfterSeconds === undefined ? {} : { silentAfterSeconds }) },
      folder: userFolder,
      messages: (_source, take) => {
        board.take = take;
        return () => {
          if (board.take === take) board.take = undefined;
        };
      },
    });
    this.#feeds.push(feed);
    if (closing.aborted) feed.forget();
    else opened.start(feed);
    return Object.assign(board, { feed, source: opened });
  }
}

const SOURCE = new RegExp(ID_PATTERN);

/** `…/in/SOURCE/readings`, as boards publish it, or any topic that ends with the name of the source. */
function sourceIn(topic: string | undefined): string {
  const levels = (topic ?? '').split('/');
  const name = (levels.at(-1) === 'readings' ? levels.at(-2) : levels.at(-1)) ?? '';
  if (SOURCE.test(name)) return name;
  throw new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected the name of a source at the end of msg.topic, found ${JSON.stringify((topic ?? '').slice(0, 80))}`,
    'publish on …/in/NAME/readings with a name of 1 to 64 letters a-z, digits, "-" or "_", or fill in the name of the source',
  );
}

function notBytes(payload: unknown): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected a Buffer in msg.payload, found ${payload === null ? 'null' : typeof payload}`,
    'set the output of the "mqtt in" node to "a Buffer"',
  );
}

function tooManyBoards(): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected at most ${MOST_BOARDS} boards, found more`,
    'let each board publish under one name that stays, or use several nodes with a filter on the topic',
  );
}
