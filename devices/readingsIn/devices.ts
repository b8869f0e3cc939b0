import Type from '#typebox';
import type { Millis } from '../../runtime/clock';
import { SensebindError } from '../../runtime/errors';
import type { Driver, ReadingSink } from '../../runtime/reading';
import { type DeviceContext, type DeviceDeclaration, declareDevice } from '../device';
import { Liveness, type LivenessLimits } from '../liveness';
import { frozen } from '../streamDriver';
import type { ReadingsKind } from './message';
import { ReadingsDecoder } from './readingsDecoder';

const SILENT_AFTER_SECONDS = 30;

/** Real sensors have noise; slow boards send rarely. */
const SAME_AFTER = 60_000 as Millis;

/** A board that publishes `readings/1` for a source of this node. */
function board(modality: ReadingsKind, title: string): DeviceDeclaration {
  const kind = `mqtt-${modality === 'vision' ? 'camera' : modality}`;
  return declareDevice({
    kind,
    modality,
    title,
    options: Type.Object(
      {
        kind: Type.Literal(kind),
        silentAfterSeconds: Type.Optional(
          Type.Number({
            minimum: 1,
            maximum: 86_400,
            description: 'A board that says nothing for so long is offline. Default: 30.',
          }),
        ),
      },
      { additionalProperties: false },
    ),
    open: ({ silentAfterSeconds = SILENT_AFTER_SECONDS }, context) =>
      new ReadingsInDriver(modality, context, {
        silentAfter: (silentAfterSeconds * 1000) as Millis,
        ...(modality === 'audio' ? {} : { sameAfter: Math.max(SAME_AFTER, silentAfterSeconds * 2000) as Millis }),
      }),
  });
}

/** One for each modality that `readings/1` has. */
export const readingsInDevices: readonly DeviceDeclaration[] = [
  board('audio', 'Microphone of a board, over MQTT'),
  board('imu', 'Motion sensor of a board, over MQTT'),
  board('thermal', 'Thermal camera of a board, over MQTT'),
  board('depth', 'Depth camera of a board, over MQTT'),
  board('vision', 'Camera of a board, over MQTT (JPEG)'),
];

class ReadingsInDriver implements Driver {
  readonly modality: ReadingsKind;
  readonly #context: DeviceContext;
  readonly #limits: LivenessLimits;

  constructor(modality: ReadingsKind, context: DeviceContext, limits: LivenessLimits) {
    this.modality = modality;
    this.#context = context;
    this.#limits = limits;
  }

  async run(sink: ReadingSink, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { source, clock, ports } = this.#context;
    const open = ports.messages;
    if (open === undefined) throw withoutBroker(source);
    await new Promise<void>((resolve, reject) => {
      const end = (error?: Error): void => {
        signal.removeEventListener('abort', stop);
        close();
        decoder.stop();
        liveness.stop();
        if (error === undefined) resolve();
        else reject(error);
      };
      const stop = (): void => end();
      const liveness: Liveness = new Liveness(sink, {
        clock,
        limits: this.#limits,
        onFrozen: (freeze) =>
          end(freeze === 'silent' ? absent(source, this.#limits) : frozen(source, freeze, this.#limits)),
      });
      const decoder = new ReadingsDecoder({ kind: this.modality, context: this.#context, sink: liveness, fail: end });
      const close = open(source, (payload, arrivedMicros) => decoder.take(payload, arrivedMicros));
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}

function absent(source: string, { silentAfter }: LivenessLimits): SensebindError {
  return new SensebindError(
    'DEVICE_ABSENT',
    `expected readings for "${source}" over MQTT, found none for ${silentAfter / 1000} s`,
    `check that the board runs, reaches the broker, and publishes on …/in/${source}/readings`,
  );
}

function withoutBroker(source: string): SensebindError {
  return new SensebindError(
    'DEVICE_FAILED',
    `expected a broker that brings the readings of "${source}", found none`,
    'boards over MQTT are sources of "sensebind run"; other commands do not listen to a broker',
  );
}
