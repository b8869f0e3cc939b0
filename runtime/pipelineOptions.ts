import type { Bundle } from '../models/bundle/bundle';
import type { Clock } from './clock';
import type { ControlServices } from './commands/nodeControl';
import type { Config } from './config/config';
import type { EventStore } from './eventKeeper';
import type { Engine } from './inference/engine';
import type { LaneSource } from './lane';
import type { BrokerAccess } from './mqtt/connection';
import type { DiscoveryStore } from './mqtt/discovery/discoveryFile';
import type { ReadingsIn } from './mqtt/readingsIn';
import type { RetainedStore } from './mqtt/retained/retainedFile';
import type { Outbox } from './mqtt/sender/outbox';
import type { PipelineEvent } from './pipelineEvent';

/** What a pipeline is made of. */
export interface PipelineOptions {
  readonly config: Config;
  readonly bundle: Bundle;
  readonly engine: Engine;
  readonly access: BrokerAccess;
  /** Belongs to the caller, as engine and bundle do. */
  readonly outbox: Outbox;
  readonly sources: readonly LaneSource[];
  readonly clock: Clock;
  readonly version: string;
  /** Where events that go on are kept over a restart; left out, they are not. */
  readonly eventStore?: EventStore;
  /** What it can be told to do over MQTT; left out, nothing, and nothing is published of single labels. */
  readonly control?: ControlServices;
  /** Where it is kept what Home Assistant was told of; left out, it is told nothing. */
  readonly discoveryStore?: DiscoveryStore;
  /** Where it is kept what the broker keeps of this node; left out, what goes while it is down stays there. */
  readonly retainedStore?: RetainedStore;
  /** What boards publish for sources of this node. */
  readonly readingsIn?: ReadingsIn;
  readonly onEvent: (event: PipelineEvent) => void;
}
