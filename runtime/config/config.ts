import type { Millis } from '../clock';
import type { Rule } from '../events/rule';
import type { GroupConfig } from '../fusion/group';
import type { ProtocolVersion } from '../mqtt/connection';
import type { VectorElementType } from '../mqtt/messages';
import type { LabelSet } from '../zeroshot/labelSet';

/** A configuration with every default filled in, paths absolute and durations as numbers. Secrets are not in it. */
export interface Config {
  /** Folder of the file: where relative paths start. */
  readonly folder: string;
  readonly node: string;
  readonly baseTopic: string;
  /** Absolute path of the bundle. */
  readonly bundle: string;
  readonly broker: BrokerConfig;
  readonly spool: SpoolConfig;
  readonly sources: readonly SourceConfig[];
  readonly labelSets: readonly LabelSet[];
  /** Sources that are looked at together. */
  readonly fusion: readonly GroupConfig[];
  /** When something is an event. */
  readonly rules: readonly Rule[];
  readonly publish: PublishConfig;
  /** Left out: no metrics are offered. */
  readonly metrics?: MetricsConfig;
  readonly inference?: InferenceConfig;
  /** Left out: all are taken, and answered on the node's own topics. */
  readonly commands?: CommandsConfig;
}

/** Where a secret is: absolute path, or name of an environment variable. */
export type SecretPlace = { readonly file: string } | { readonly environment: string };

/** Where Prometheus finds what is measured. */
export interface MetricsConfig {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: SecretPlace;
}

/** How encoders are computed; what is left out, the engine chooses. */
export interface InferenceConfig {
  /** Name or absolute path of the onnxruntime module. */
  readonly runtime?: string;
  readonly providers?: readonly string[];
  readonly workers?: number;
  readonly threads?: number;
  /** A call of an encoder that takes longer does not come back. */
  readonly stuckAfter?: Millis;
  readonly deviceCache?: DeviceCacheConfig;
  /** `false`: encoders that cannot fit in memory are loaded all the same. */
  readonly checkMemory?: boolean;
}

/** Where copies of encoders are kept on this device; what is left out, deviceCache/settings.ts says. */
export interface DeviceCacheConfig {
  readonly enabled?: boolean;
  /** Absolute path. */
  readonly folder?: string;
  readonly maxGigabytes?: number;
  readonly keepFreeGigabytes?: number;
}

/** What may be commanded over MQTT. */
export interface CommandsConfig {
  readonly enabled?: boolean;
  /** Topics under which answers may go, beside the node's own. */
  readonly responsePrefixes?: readonly string[];
}

/** What record and mute need of a configuration. */
export type SourcesConfig = Pick<Config, 'folder' | 'node' | 'sources'>;

export interface BrokerConfig {
  readonly url: string;
  readonly protocol: ProtocolVersion | 'auto';
  readonly clientId: string;
  readonly username?: string;
  readonly password?: SecretPlace;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Left out: Home Assistant is told nothing. */
  readonly homeAssistant?: HomeAssistantConfig;
}

/** Discovery by Home Assistant. */
export interface HomeAssistantConfig {
  /** False: what it was told of before is taken back. */
  readonly enabled: boolean;
  /** First level of its topics. */
  readonly prefix: string;
}

/** Where messages wait that must arrive. */
export interface SpoolConfig {
  /** Absolute path; without it, a folder of the node in the state directory. */
  readonly folder?: string;
  readonly maxBytes: number;
  /** After which a message is given up. */
  readonly life: Millis;
}

export interface SourceConfig {
  readonly id: string;
  /** Options of its kind of device, checked against the schema of that kind. */
  readonly device: { readonly kind: string } & Readonly<Record<string, unknown>>;
  readonly enabled: boolean;
  /** Left out: as long as the encoder's input, 2 s of sound. */
  readonly window?: Millis;
  readonly hop: Millis;
  readonly channel: number;
  /** Ids of label sets. */
  readonly labels: readonly string[];
}

export interface PublishConfig {
  readonly embeddings: {
    readonly enabled: boolean;
    readonly elementType: VectorElementType;
    readonly maxRateHz: number;
  };
  readonly scores: { readonly topK: number; readonly maxRateHz: number };
}
