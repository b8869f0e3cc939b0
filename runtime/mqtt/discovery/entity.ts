/** Kinds of entities of Home Assistant that are used here. */
export type Platform = 'binary_sensor' | 'event' | 'number' | 'sensor' | 'text';

/** What of an option can be said in JSON. */
export type OptionValue = string | number | boolean | readonly (string | Readonly<Record<string, string>>)[];

/** An entity of Home Assistant. Its options have the short names of https://www.home-assistant.io/integrations/mqtt/. */
export interface Entity {
  /** Within its device; part of its unique id. */
  readonly id: string;
  readonly platform: Platform;
  readonly options: Readonly<Record<string, OptionValue>>;
}

/** A device of Home Assistant, and all entities of it. */
export interface DiscoveredDevice {
  /** Level of the topic: letters, digits, "_" and "-". */
  readonly objectId: string;
  /** The device itself: identifiers, name, maker, and what it is reached through. */
  readonly device: Readonly<Record<string, OptionValue>>;
  /** Of this program. */
  readonly version: string;
  /** Topics that must all say "online". */
  readonly availability: readonly string[];
  readonly entities: readonly Entity[];
}

/** Nodes also say "stopped", sources "disabled", and Home Assistant passes over words that it does not know. */
const IS_ONLINE = "{{ 'online' if value == 'online' else 'offline' }}";

/** Whether entities can be used: all topics say "online". A list, since an entity may have one of its own. */
export function availabilityOf(topics: readonly string[]): Readonly<Record<string, OptionValue>> {
  return { avty: topics.map((t) => ({ t, val_tpl: IS_ONLINE })), avty_mode: 'all' };
}
