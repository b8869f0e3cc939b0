import Type from '#typebox';
import type { Clock, Millis } from '../../clock';
import { withoutSecrets } from '../../mqtt/address';
import { type AnyVerb, defineVerb, done } from '../verb';

const Nothing = Type.Object({}, { additionalProperties: false });

/** So that the answer is on its way before the node says goodbye. */
const GOODBYE = 200 as Millis;

export interface NodeVerbsOptions {
  /** The configuration as it is in use. */
  readonly config: () => object;
  /** Publishes everything again that is retained. */
  readonly announce: () => void;
  /** Ends the process gracefully, to be started again; not there where nobody would. */
  readonly restart?: () => void;
  readonly clock: Clock;
}

/** `config/get`, `announce`, `node/restart`. */
export function nodeVerbs({ config, announce, restart, clock }: NodeVerbsOptions): Readonly<Record<string, AnyVerb>> {
  return {
    'config/get': defineVerb({ schema: Nothing, lane: null, run: async () => done({ config: redacted(config()) }) }),
    announce: defineVerb({
      schema: Nothing,
      lane: 'announce',
      run: async () => {
        announce();
        return done();
      },
    }),
    ...(restart === undefined
      ? {}
      : {
          'node/restart': defineVerb({
            schema: Nothing,
            lane: 'node',
            run: async () => {
              clock.setTimer(GOODBYE, restart);
              return done();
            },
          }),
        }),
  };
}

/** Keys whose values may be what nobody else is to know, whatever they are. */
const SECRET_KEY = /pass(word|phrase)?|secret|token|credential|api_?key|private/i;

/** A value as JSON would have it, without what may be a secret: user names and passwords in addresses among them. */
export function redacted(value: unknown): unknown {
  if (typeof value === 'string') return withoutSecrets(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(redacted);
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, SECRET_KEY.test(key) ? '(not told)' : redacted(member)]),
  );
}
