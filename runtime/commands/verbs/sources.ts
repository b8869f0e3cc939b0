import Type, { type Static } from '#typebox';
import type { LaneSource } from '../../lane';
import { ID_PATTERN } from '../../mqtt/topics';
import { MutableSource } from '../../mutableSource';
import type { SwitchedOff } from '../../switchedOff';
import { refusal } from '../problems';
import { type AnyVerb, defineVerb, done, failed, type Outcome } from '../verb';

const OneSource = Type.Object({ source: Type.String({ pattern: ID_PATTERN }) }, { additionalProperties: false });
type OneSource = Static<typeof OneSource>;

export interface SourceSwitches {
  /** Muted on the spot: nobody switches that from afar. */
  readonly mutes: SwitchedOff;
  /** Disabled by commands. Stays so over a restart. */
  readonly disabled: SwitchedOff;
}

/** `source/enable`, `source/disable`, `source/restart`. */
export function sourceVerbs(
  sources: () => readonly LaneSource[],
  { mutes, disabled }: SourceSwitches,
): Readonly<Record<string, AnyVerb>> {
  const verb = (run: (source: MutableSource) => Promise<Outcome>): AnyVerb =>
    defineVerb<OneSource>({
      schema: OneSource,
      lane: 'sources',
      run: async ({ data }) => {
        const found = sources().find(({ source }) => source.id === data.source)?.source;
        if (found === undefined) return failed(refusal('not_found', 'expected a source of this node, found another'));
        return found instanceof MutableSource ? run(found) : failed(offInConfiguration());
      },
    });
  const stateOf = ({ id, status }: MutableSource): Outcome => done({ source: id, state: status.state });
  return {
    'source/enable': verb(async (source) => {
      await disabled.set(source.id, false);
      return mutes.isOff(source.id) ? failed(muted(source.id)) : stateOf(source);
    }),
    'source/disable': verb(async (source) => {
      await disabled.set(source.id, true);
      // Not before its device is closed is it off.
      await source.settled();
      return stateOf(source);
    }),
    'source/restart': verb(async (source) => {
      const isOn = source.status.state !== 'disabled' && (await source.restart());
      if (isOn) return stateOf(source);
      return failed(refusal('switched_off', 'expected a source that runs, found one that is off'));
    }),
  };
}

function offInConfiguration() {
  const message = 'expected a source that commands may switch, found one that is switched off in the configuration';
  return refusal(
    'switched_off',
    message,
    'remove enabled: false from its configuration, and have the node read it again (SIGHUP) or restart it',
  );
}

function muted(source: string) {
  const message = `expected a source that is not muted, found "${source}" muted on the node itself`;
  return refusal('switched_off', message, 'whoever muted it can end that there: sensebind devices mute --help');
}
