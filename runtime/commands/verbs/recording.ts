import Type, { type Static } from '#typebox';
import type { Config } from '../../config/config';
import type { LaneSource } from '../../lane';
import { ID_PATTERN } from '../../mqtt/topics';
import { MutableSource } from '../../mutableSource';
import type { Loss, Reading } from '../../reading';
import type { Source } from '../../source';
import type { Problem } from '../commandMessages';
import { refusal } from '../problems';
import { type AnyVerb, defineVerb, done, failed } from '../verb';

const FORBID = { additionalProperties: false } as const;
const Id = Type.String({ pattern: ID_PATTERN });

const MAX_SECONDS = 86_400;
const DEFAULT_SECONDS = 600;
const MAX_MEGABYTES = 10_000;
const DEFAULT_MEGABYTES = 1_000;

const Start = Type.Object(
  {
    sources: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: 64, description: 'Default: all.' })),
    max_seconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_SECONDS, description: `Default: ${DEFAULT_SECONDS}.` }),
    ),
    max_megabytes: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_MEGABYTES, description: `Default: ${DEFAULT_MEGABYTES}.` }),
    ),
  },
  FORBID,
);

const Stop = Type.Object({}, FORBID);

const Replay = Type.Object(
  {
    recording: Id,
    source: Type.String({ pattern: ID_PATTERN, description: 'Of the recording.' }),
    as: Type.Optional(Type.String({ pattern: ID_PATTERN, description: 'Of the node. Default: the same.' })),
    speed: Type.Optional(Type.Number({ minimum: 0.1, maximum: 100, description: 'Default: 1.' })),
  },
  FORBID,
);

/** What a recording holds. */
export interface RecordingSummary {
  readonly recording: string;
  readonly messages: number;
  readonly bytes: number;
  readonly dropped: number;
}

/** Recordings of a node, on its own disk: raw data never leave it over MQTT. */
export interface Recordings {
  /** The one that is being made. */
  readonly current: string | undefined;
  /**
   * Begins one, which ends by itself at its limits.
   *
   * @param recorded - `configuration` is kept with it, without secrets.
   *
   * @throws {SensebindError} `FILE_UNWRITABLE`; `DISK_FULL`, also where too many are kept already; `REQUEST_ABORTED` where
   * they are closed meanwhile.
   */
  start(recorded: {
    readonly sources: readonly string[];
    readonly configuration: object;
    readonly maxSeconds: number;
    readonly maxBytes: number;
  }): Promise<RecordingSummary>;
  /** Ends the one that is being made; `undefined` where none is. */
  stop(): Promise<RecordingSummary | undefined>;
  /** Gives up one that is about to begin, and ends the one that is being made; none can be begun any more. */
  close(): Promise<void>;
  reading(source: string, reading: Reading): void;
  lost(source: string, reason: Loss, amount: number): void;
  /** A source that plays one of a recording, under an id of the node; `undefined` where there is no such recording. */
  replay(played: {
    readonly recording: string;
    readonly source: string;
    readonly as: string;
    readonly modality: string;
    readonly speed: number;
  }): Promise<Source | undefined>;
}

/** `record/start`, `record/stop`, `replay/start`. */
export function recordingVerbs(
  sources: () => readonly LaneSource[],
  recordings: Recordings,
  config: () => Pick<Config, 'node' | 'sources'>,
): Readonly<Record<string, AnyVerb>> {
  return {
    'record/start': defineVerb<Static<typeof Start>>({
      schema: Start,
      lane: 'recording',
      run: async ({ data }) => {
        const ids = sources().map(({ source }) => source.id);
        const { sources: wanted = ids, max_seconds = DEFAULT_SECONDS, max_megabytes = DEFAULT_MEGABYTES } = data;
        const stranger = wanted.find((id) => !ids.includes(id));
        if (stranger !== undefined)
          return failed(refusal('not_found', `expected sources of this node, found "${stranger}"`));
        if (recordings.current !== undefined) {
          const message = `expected no recording under way, found "${recordings.current}"`;
          return failed(refusal('conflict', message, 'end it with record/stop'));
        }
        const { node, sources: configured } = config();
        const { recording } = await recordings.start({
          sources: wanted,
          configuration: { node, sources: configured },
          maxSeconds: max_seconds,
          maxBytes: max_megabytes * 1e6,
        });
        return done({ recording, sources: wanted, max_seconds, max_megabytes });
      },
    }),
    'record/stop': defineVerb({
      schema: Stop,
      lane: 'recording',
      run: async () => {
        const summary = await recordings.stop();
        if (summary === undefined) return failed(refusal('not_found', 'expected a recording under way, found none'));
        return done({ ...summary });
      },
    }),
    'replay/start': defineVerb<Static<typeof Replay>>({
      schema: Replay,
      lane: 'recording',
      run: async ({ data: { recording, source, as = source, speed = 1 } }) => {
        const place = sources().find((one) => one.source.id === as)?.source;
        if (place === undefined) return failed(refusal('not_found', `expected a source of this node, found "${as}"`));
        if (!(place instanceof MutableSource) || place.status.state === 'disabled') return failed(off(as));
        const guest = await recordings.replay({ recording, source, as, modality: place.modality, speed });
        if (guest === undefined)
          return failed(refusal('not_found', 'expected a recording of this node, found none with that id'));
        // It may have been switched off while the recording was looked for.
        return (await place.playInstead(guest)) ? done({ recording, source, as, speed }) : failed(off(as));
      },
    }),
  };
}

function off(source: string): Problem {
  return refusal(
    'switched_off',
    `expected a source that is on, found "${source}" off`,
    'enable it with source/enable; where it is muted, that is ended on the node itself: sensebind devices mute --help',
  );
}
