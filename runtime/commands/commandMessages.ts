import Type, { type Static } from '#typebox';
import { ID_PATTERN } from '../mqtt/topics';

/** One to four levels of a topic. */
export const VERB_PATTERN = '^[a-z0-9_-]{1,64}(/[a-z0-9_-]{1,64}){0,3}$';

const Verb = Type.String({ pattern: VERB_PATTERN });
const Transaction = Type.String({
  pattern: '^[!-~]{1,64}$',
  description: 'Chosen by whoever asks: a repeated one is answered again, and not done again.',
});
const Revision = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Data = Type.Record(Type.String({ maxLength: 1024 }), Type.Unknown());

/** `cmd/1`: JSON on `…/cmd/<verb>`. The one message that forbids unknown keys: a misspelt command must not half work. */
export const CommandMessage = Type.Object(
  {
    s: Type.Optional(Type.Literal('cmd/1')),
    tx: Type.Optional(Transaction),
    by: Type.Optional(Type.String({ pattern: '^[ -~]{1,64}$', description: 'Who asks, for the log. Not believed.' })),
    data: Type.Optional(Data),
    if_rev: Type.Optional(
      Type.Integer({ ...Revision, description: 'Only if this revision is in use; else the answer is a conflict.' }),
    ),
  },
  { additionalProperties: false },
);
export type CommandMessage = Static<typeof CommandMessage>;

const Problem = Type.Object({
  code: Type.String({ pattern: '^[a-z0-9_]{1,64}$', description: 'Stable.' }),
  message: Type.String({ maxLength: 2048 }),
  cure: Type.String({ maxLength: 2048 }),
});
/** Why a command was not done, and what to do about it. */
export type Problem = Static<typeof Problem>;

/** `rsp/1`: JSON on the response topic, or on `…/rsp/<verb>`. */
export const ResponseMessage = Type.Object({
  s: Type.Literal('rsp/1'),
  verb: Verb,
  tx: Type.Union([Transaction, Type.Null()]),
  status: Type.Union([Type.Literal('ok'), Type.Literal('error'), Type.Literal('accepted')], {
    description: 'accepted: it takes longer; see …/job/<data.job>.',
  }),
  data: Type.Optional(Data),
  error: Type.Optional(Problem),
  rev: Type.Optional(Type.Integer({ ...Revision, description: 'The revision in use now.' })),
});
export type ResponseMessage = Static<typeof ResponseMessage>;

/** `job/1`: JSON on `…/job/<id>`: how far a long command is, and at last how it ended. */
export const JobMessage = Type.Object({
  s: Type.Literal('job/1'),
  id: Type.String({ pattern: ID_PATTERN }),
  verb: Verb,
  tx: Type.Union([Transaction, Type.Null()]),
  state: Type.Union([Type.Literal('running'), Type.Literal('done'), Type.Literal('failed')]),
  done: Type.Optional(Type.Integer({ minimum: 0, description: 'Steps of the work that are done.' })),
  total: Type.Optional(Type.Integer({ minimum: 0 })),
  data: Type.Optional(Data),
  error: Type.Optional(Problem),
  rev: Type.Optional(Revision),
  t: Type.Integer({ minimum: 0, description: 'Microseconds since the Unix epoch.' }),
});
export type JobMessage = Static<typeof JobMessage>;
