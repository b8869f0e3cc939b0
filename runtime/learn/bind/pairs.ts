import type { Micros } from '../../clock';
import { firstNotBefore } from './timeSearch';
import type { Session, Track } from './tracks';

/** Where an input of an encoder lies in a track. */
export type Place =
  | { readonly kind: 'moment'; readonly index: number }
  | {
      readonly kind: 'window';
      readonly stretch: number;
      readonly fromMicros: Micros;
      readonly toMicros: Micros;
    };

/** What the anchor and the new sensor had at the same time. */
export interface Pair {
  /** Index in the list of sessions. */
  readonly session: number;
  readonly micros: Micros;
  readonly anchor: Place;
  readonly sensor: Place;
}

export interface PairingRules {
  /** The most that a reading, or the nearest edge of a stretch, may lie away from the anchor's reading. */
  readonly toleranceMicros: Micros;
  /** Anchor readings that come sooner after the pair before are left out. */
  readonly everyMicros: Micros;
  /** Length of one input of a stream. */
  readonly anchorWindowMicros: Micros;
  readonly sensorWindowMicros: Micros;
}

export interface PairCounts {
  /** Readings of the anchor, or whole windows of its stream. */
  readonly anchorReadings: number;
  readonly pairs: number;
  /** The new sensor read nothing near enough. */
  readonly withoutPartner: number;
  /** Another reading of the anchor lies nearer to the same reading or window of the sensor. */
  readonly sharedPartner: number;
  /** Left out because they came too soon after a pair. */
  readonly tooSoon: number;
}

interface Moment {
  readonly micros: Micros;
  readonly place: Place;
}

/** Pairs each reading of the anchor with what the new sensor had nearest in time. */
export function pairSessions(
  sessions: readonly Session[],
  rules: PairingRules,
): { readonly pairs: readonly Pair[]; readonly counts: PairCounts } {
  const pairs: Pair[] = [];
  const counts = { anchorReadings: 0, pairs: 0, withoutPartner: 0, sharedPartner: 0, tooSoon: 0 };
  for (const [session, { anchor, sensor }] of sessions.entries()) {
    let last: { readonly pair: Pair; readonly offsetMicros: Micros } | undefined;
    for (const { micros, place } of momentsOf(anchor, rules.anchorWindowMicros)) {
      counts.anchorReadings++;
      const partner = partnerOf(sensor, micros, rules);
      if (partner === undefined) {
        counts.withoutPartner++;
        continue;
      }
      const pair: Pair = { session, micros, anchor: place, sensor: partner.place };
      const offsetMicros = Math.abs(partner.micros - micros);
      if (last !== undefined && isSamePlace(last.pair.sensor, partner.place)) {
        counts.sharedPartner++;
        if (offsetMicros >= last.offsetMicros) continue;
        pairs.pop();
      } else if (last !== undefined && micros - last.pair.micros < rules.everyMicros) {
        counts.tooSoon++;
        continue;
      }
      pairs.push(pair);
      last = { pair, offsetMicros };
    }
  }
  return { pairs, counts: { ...counts, pairs: pairs.length } };
}

/** Pairs to learn from, and those after them in time, of each recording, that only show how well it went. */
export interface Split {
  readonly learnt: readonly number[];
  readonly heldBack: readonly number[];
}

/**
 * Holds back the last `share` of each recording. By time, not by chance: neighbours in time are nearly the same, so that
 * a pair by chance would be known from both its neighbours. For the same reason pairs whose windows reach over the edge
 * are in neither part.
 */
export function splitByTime(
  pairs: readonly Pair[],
  {
    share,
    sessions,
    windowMicros,
  }: { readonly share: number; readonly sessions: readonly Session[]; readonly windowMicros: Micros },
): Split {
  const learnt: number[] = [];
  const heldBack: number[] = [];
  const recordings = new Set(sessions.map(({ recording }) => recording));
  for (const recording of recordings) {
    const own = [...pairs.keys()].filter((index) => sessions[pairs[index]?.session ?? 0]?.recording === recording);
    const late = own.slice(own.length - Math.ceil(own.length * share));
    const edge = pairs[late[0] ?? 0];
    heldBack.push(...late);
    for (const index of own.slice(0, own.length - late.length)) {
      const pair = pairs[index];
      if (pair === undefined || edge === undefined) continue;
      if (pair.session !== edge.session || pair.micros <= edge.micros - windowMicros) learnt.push(index);
    }
  }
  return { learnt, heldBack };
}

function momentsOf(track: Track, windowMicros: Micros): readonly Moment[] {
  if (track.kind !== 'stretches') {
    return track.micros.map((micros, index) => ({ micros, place: { kind: 'moment', index } }));
  }
  return track.stretches.flatMap(({ startMicros, endMicros, rateHz }, stretch) => {
    const moments: Moment[] = [];
    const slackMicros = slackOf(rateHz);
    for (let toMicros = startMicros + windowMicros; toMicros <= endMicros + slackMicros; toMicros += windowMicros) {
      const place: Place = { kind: 'window', stretch, fromMicros: toMicros - windowMicros, toMicros };
      moments.push({ micros: toMicros, place });
    }
    return moments;
  });
}

function partnerOf(track: Track, micros: Micros, rules: PairingRules): Moment | undefined {
  if (track.kind === 'stretches') return windowAt(track, micros, rules);
  const index = nearest(track.micros, micros);
  const found = track.micros[index];
  if (found === undefined || Math.abs(found - micros) > rules.toleranceMicros) return undefined;
  return { micros: found, place: { kind: 'moment', index } };
}

/** The window that ends at that time; where the stretch begins too late for it, or ends before, the nearest whole one. */
function windowAt(
  { stretches }: Track & { readonly kind: 'stretches' },
  micros: Micros,
  { sensorWindowMicros, toleranceMicros }: PairingRules,
): Moment | undefined {
  const stretch = stretches.findIndex(
    ({ startMicros, endMicros }) => micros >= startMicros - toleranceMicros && micros <= endMicros + toleranceMicros,
  );
  const found = stretches[stretch];
  if (found === undefined) return undefined;
  const { startMicros, endMicros, rateHz } = found;
  if (endMicros - startMicros < sensorWindowMicros - slackOf(rateHz)) return undefined;
  const toMicros = Math.max(startMicros + sensorWindowMicros, Math.min(micros, endMicros));
  return { micros: toMicros, place: { kind: 'window', stretch, fromMicros: toMicros - sensorWindowMicros, toMicros } };
}

/** A window of n samples has n − 1 steps between them. */
function slackOf(rateHz: number): Micros {
  return 2e6 / rateHz;
}

/** Index of the time that lies nearest; times ascend but for jitter. −1 where there is none. */
function nearest(times: readonly Micros[], micros: Micros): number {
  const index = firstNotBefore(times, micros);
  const before = times[index - 1];
  const after = times[index];
  if (before === undefined) return after === undefined ? -1 : index;
  return after === undefined || micros - before < after - micros ? index - 1 : index;
}

function isSamePlace(left: Place, right: Place): boolean {
  if (left.kind === 'moment') return right.kind === 'moment' && left.index === right.index;
  return right.kind === 'window' && left.stretch === right.stretch && left.toMicros === right.toMicros;
}
