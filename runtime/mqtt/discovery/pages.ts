import { availabilityOf, type DiscoveredDevice, type Entity, type Platform } from './entity';

/** Which entities a topic told of last: what is not told of any more has to be taken back. */
export type KnownPages = ReadonlyMap<string, ReadonlyMap<string, Platform>>;

/** One discovery message: a device, and some of its entities. */
export interface Page {
  readonly topic: string;
  readonly device: DiscoveredDevice;
  readonly entities: readonly Entity[];
  /** Entities that were told of before, by id. */
  readonly gone: ReadonlyMap<string, Platform>;
}

/** Bytes of the entities of one page: the rest of 32 kB is for those that go, and for the device. */
const PAGE_BYTES = 22_000;
export const MAX_PAYLOAD_BYTES = 32_000;

/**
 * Spreads the entities of devices over topics, none of them above 32 kB. An entity stays on the topic where it was told
 * of before, since one that moves is two for a moment, and Home Assistant refuses the second. In pieces: there may be
 * thousands.
 */
export function* layOut(
  devices: readonly DiscoveredDevice[],
  { prefix, known }: { readonly prefix: string; readonly known: KnownPages },
): Generator<void, ReadonlyMap<string, Page>> {
  const pages = new Map<string, Page>();
  for (const device of devices) {
    for (const page of yield* pagesOf(device, { prefix, known })) pages.set(page.topic, page);
  }
  return pages;
}

function* pagesOf(
  device: DiscoveredDevice,
  { prefix, known }: { readonly prefix: string; readonly known: KnownPages },
): Generator<void, Page[]> {
  const topics = new Map<number, { readonly entities: Entity[]; bytes: number }>();
  const topicOf = (index: number): string =>
    `${prefix}/device/${device.objectId}${index === 0 ? '' : `_PAGE_${index}`}/config`;
  const put = (entity: Entity, index: number): boolean => {
    const page = topics.get(index) ?? { entities: [], bytes: 0 };
    const bytes = bytesAtMost(entity);
    if (page.bytes + bytes > PAGE_BYTES) return false;
    topics.set(index, page);
    page.entities.push(entity);
    page.bytes += bytes;
    return true;
  };
  const places = new Map<string, number>();
  for (let index = 0; known.has(topicOf(index)); index++) {
    for (const id of known.get(topicOf(index))?.keys() ?? []) places.set(id, index);
  }
  const homeless: Entity[] = [];
  for (const entity of device.entities) {
    const place = places.get(entity.id);
    if (place === undefined || !put(entity, place)) homeless.push(entity);
    yield;
  }
  let first = 0;
  for (const entity of homeless) {
    while (!put(entity, first)) first++;
    yield;
  }
  // Pages in between stay, also without entities: known ones are found by counting on.
  const last = Math.max(0, ...topics.keys());
  return Array.from({ length: last + 1 }, (_, index) => {
    const topic = topicOf(index);
    const entities = topics.get(index)?.entities ?? [];
    const here = new Set(entities.map(({ id }) => id));
    const gone = [...(known.get(topic) ?? [])].filter(([id]) => !here.has(id));
    return { topic, device, entities, gone: new Map(gone) };
  });
}

/** Entities that a page still tells of, or takes back. */
export function knownOf({ entities, gone }: Page): ReadonlyMap<string, Platform> {
  return new Map([...gone, ...entities.map(({ id, platform }): [string, Platform] => [id, platform])]);
}

/** The message of a page. Entities with nothing but their platform are removed by Home Assistant. */
export function payloadOf({ device, entities, gone }: Page): object {
  const components: Record<string, object> = {};
  for (const { id, platform, options } of entities) components[id] = { p: platform, ...options };
  const document = {
    dev: device.device,
    o: { name: 'Sensebind', sw: device.version },
    ...availabilityOf(device.availability),
    qos: 1,
    cmps: components,
  };
  let room = MAX_PAYLOAD_BYTES - Buffer.byteLength(JSON.stringify(document));
  for (const [id, platform] of gone) {
    room -= id.length + platform.length + '"":{"p":""},'.length;
    // What has no room is only forgotten by the broker: Home Assistant shows it as unavailable.
    if (room > 0) components[id] = { p: platform };
  }
  return document;
}

/** Without writing all of it as JSON, which takes too long for thousands. */
function bytesAtMost({ id, platform, options }: Entity): number {
  let bytes = id.length + platform.length + '"":{"p":""},'.length;
  for (const [name, value] of Object.entries(options)) {
    bytes += name.length + '"":"",'.length;
    // All text but the names that people give is plain ASCII of our own, without anything to escape.
    const isOurs = typeof value === 'string' && name !== 'name';
    bytes += isOurs ? value.length : Buffer.byteLength(JSON.stringify(value));
  }
  return bytes;
}
