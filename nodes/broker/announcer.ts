import path from 'node:path';
import Type, { type Static } from '#typebox';
import { Compile } from '#typebox/compile';
import type { Clock } from '../../runtime/clock';
import type { SensebindError } from '../../runtime/errors';
import { knownError } from '../../runtime/knownError';
import type { DescribedNode } from '../../runtime/mqtt/discovery/describedNode';
import { DiscoveryFile } from '../../runtime/mqtt/discovery/discoveryFile';
import { HomeAssistantDiscovery } from '../../runtime/mqtt/discovery/homeAssistant';
import type { BrokerLink } from '../../runtime/mqtt/link';
import { StateFile } from '../../runtime/stateFile';
import { DEVICE, type Seen } from './seen';

export interface AnnouncerOptions {
  readonly link: BrokerLink;
  /** First level of the topics of Home Assistant. */
  readonly prefix: string;
  /** False: what Home Assistant was told of before is taken back. */
  readonly isEnabled: boolean;
  /** Where it is kept what Home Assistant was told of. */
  readonly folder: string;
  readonly base: string;
  readonly node: string;
  readonly version: string;
  readonly clock: Clock;
  readonly onFailed: (error: SensebindError) => void;
}

const Day = Type.Integer({ minimum: 0 });
const Remembered = Type.Object({
  format: Type.Literal('sensebind-announced/1'),
  /** By id, with the day since 1970 on which it was seen last. */
  sources: Type.Record(
    Type.String({ maxLength: 64 }),
    Type.Object({ modality: Type.String({ maxLength: 64 }), hasScores: Type.Boolean(), day: Day }),
  ),
  groups: Type.Record(Type.String({ maxLength: 64 }), Day),
  rules: Type.Record(Type.String({ maxLength: 64 }), Day),
});
type Remembered = Static<typeof Remembered>;
const validator = Compile(Remembered);

const NOTHING: Remembered = { format: 'sensebind-announced/1', sources: {}, groups: {}, rules: {} };

/** What a flow has not published for so long, it will not publish again. */
const FORGET_DAYS = 30;

/**
 * Tells Home Assistant of what a flow publishes. A flow says what there is only by its messages: so it is remembered over
 * a restart, or every entity would be gone until its first message comes.
 */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #file: StateFile<Remembered>;
  #remembered: Remembered = NOTHING;
  #discovery: HomeAssistantDiscovery | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#file = new StateFile({
      file: path.join(options.folder, 'announced.json'),
      what: 'what a flow published',
      decode,
      encode: (remembered) => JSON.stringify(remembered),
    });
  }

  /** To be called before anything else. @throws {SensebindError} `FILE_UNREADABLE` */
  async load(): Promise<void> {
    const { link, prefix, isEnabled, folder, clock, onFailed } = this.#options;
    const store = new DiscoveryFile(path.join(folder, 'discovery.json'));
    const known = await store.load();
    if (!isEnabled && known.size === 0) return;
    this.#remembered = stillThere((await this.#file.load()) ?? NOTHING, this.#today());
    const describe = (): DescribedNode | undefined => (isEnabled ? this.#describe() : undefined);
    this.#discovery = new HomeAssistantDiscovery({ link, prefix, describe, known, store, clock, onFailed });
  }

  connected(): void {
    this.#discovery?.connected();
  }

  disconnected(): void {
    this.#discovery?.disconnected();
  }

  /** Something is there that was not there before. */
  update(seen: Seen): void {
    if (this.#discovery === undefined) return;
    const day = this.#today();
    const { sources, groups, rules } = this.#remembered;
    const seenSources = [...seen.sources.values()].map(({ id, modality, labels }) => [
      id,
      { modality, hasScores: labels.size > 0 || sources[id]?.hasScores === true, day },
    ]);
    this.#remembered = {
      format: NOTHING.format,
      sources: { ...sources, ...Object.fromEntries(seenSources) },
      groups: { ...groups, ...Object.fromEntries([...seen.groups.keys()].map((id) => [id, day])) },
      rules: { ...rules, ...Object.fromEntries([...seen.rules.keys()].map((id) => [id, day])) },
    };
    this.#discovery.update();
    this.#save();
  }

  /** Resolves when all is saved. */
  async stop(): Promise<void> {
    await this.#discovery?.stop();
    await this.#saving;
  }

  /** Labels are left out: whether one is on, its own topics say, which a flow does not publish. */
  #describe(): DescribedNode {
    const { base, node, version } = this.#options;
    const { sources, groups, rules } = this.#remembered;
    return {
      base,
      node,
      version,
      sources: Object.entries(sources).map(([id, { modality, hasScores }]) => ({
        id,
        modality,
        device: DEVICE,
        hasScores,
      })),
      groups: Object.keys(groups),
      labels: [],
      rules: Object.keys(rules),
    };
  }

  #save(): void {
    const remembered = this.#remembered;
    this.#saving = this.#saving
      .then(() => this.#file.save(remembered))
      .catch((error: unknown) => this.#options.onFailed(knownError('home-assistant', error)));
  }

  #today(): number {
    return Math.max(0, Math.floor(this.#options.clock.epochMicros() / 86_400e6));
  }
}

function decode(text: string): Remembered | undefined {
  try {
    const document: unknown = JSON.parse(text);
    return validator.Check(document) ? document : undefined;
  } catch {
    return undefined;
  }
}

function stillThere({ format, sources, groups, rules }: Remembered, today: number): Remembered {
  const isThere = (day: number): boolean => today - day <= FORGET_DAYS;
  return {
    format,
    sources: Object.fromEntries(Object.entries(sources).filter(([, { day }]) => isThere(day))),
    groups: Object.fromEntries(Object.entries(groups).filter(([, day]) => isThere(day))),
    rules: Object.fromEntries(Object.entries(rules).filter(([, day]) => isThere(day))),
  };
}
