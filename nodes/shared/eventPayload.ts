import type { DetectedEvent, Evidence } from '../../runtime/events/detectedEvent';
import type { EventPayload } from './payloads';

/** An event as a payload; `title` is for people. */
export function eventPayload(event: DetectedEvent, { title }: { readonly title: string }): EventPayload {
  const decisive = decisiveEvidence(event);
  const label = decisive?.what.kind === 'label' ? decisive.what.label : undefined;
  const probability = label === undefined ? null : ((decisive && shownValue(event, decisive)) ?? null);
  return {
    kind: 'event',
    title,
    ...(label === undefined ? {} : { label }),
    ...(decisive === undefined ? {} : { source: decisive.of }),
    ...(probability === null ? {} : { probability }),
    ...event,
  };
}

/** The condition that says most: of labels the most probable, before measured values; those that hold before others. */
function decisiveEvidence(event: DetectedEvent): Evidence | undefined {
  const holding = event.evidence.filter(({ isOn }) => isOn);
  const candidates = (holding.length > 0 ? holding : event.evidence).filter((one) => shownValue(event, one) !== null);
  const labels = candidates.filter(({ what }) => what.kind === 'label');
  const [first, ...others] = labels.length > 0 ? labels : candidates.slice(0, 1);
  return others.reduce((best, one) => {
    return best === undefined || (shownValue(event, one) ?? 0) > (shownValue(event, best) ?? 0) ? one : best;
  }, first);
}

/** At its end, what it was at most. */
function shownValue({ phase }: DetectedEvent, { value, peak }: Evidence): number | null {
  return phase === 'end' ? peak : value;
}
