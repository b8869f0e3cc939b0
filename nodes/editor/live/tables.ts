import { element, timeOf } from './dom';
import type { LiveEvent, LiveTruth, Stage } from './snapshot';
import type { LiveWord } from './words';

type Words = (key: LiveWord) => string;

/** More are further down in the flow's own log. */
const MOST_EVENTS = 30;

/** What happened, the newest first. */
export function eventRows(events: readonly LiveEvent[], words: Words): readonly HTMLElement[] {
  if (events.length === 0) return [element('div', 'sb-empty', words('noEvents'))];
  return events
    .toReversed()
    .slice(0, MOST_EVENTS)
    .map(({ phase, title, source, probability, startMicros, endMicros }) => {
      const until = lengthOf({ startMicros, endMicros }, words);
      const row = element('div', 'sb-event', [
        element('span', 'sb-time', timeOf(startMicros)),
        element('span', 'sb-name', title),
        element(
          'span',
          'sb-figures',
          [probability === null ? '' : `${Math.round(100 * probability)} %`, source ?? '', until]
            .filter((part) => part !== '')
            .join(' · '),
        ),
      ]);
      row.dataset['phase'] = phase;
      return row;
    });
}

/** What really happened, the newest first. */
export function truthRows(truth: readonly LiveTruth[], words: Words): readonly HTMLElement[] {
  return truth
    .toReversed()
    .slice(0, MOST_EVENTS)
    .map(({ title, startMicros, endMicros }) => {
      const row = element('div', 'sb-event', [
        element('span', 'sb-time', timeOf(startMicros)),
        element('span', 'sb-name', title),
        element('span', 'sb-figures', lengthOf({ startMicros, endMicros }, words)),
      ]);
      row.dataset['phase'] = endMicros === null ? 'new' : 'end';
      return row;
    });
}

function lengthOf(
  { startMicros, endMicros }: { readonly startMicros: number; readonly endMicros: number | null },
  words: Words,
): string {
  return endMicros === null ? words('goesOn') : `${((endMicros - startMicros) / 1e6).toFixed(1)} s`;
}

/** What each stage does, what it loses and why, and how long its steps take. */
export function stageRows(stages: readonly Stage[], words: Words): readonly HTMLElement[] {
  if (stages.length === 0) return [element('div', 'sb-empty', words('noStages'))];
  return stages.map(({ name, perSecond, drops, steps }) => {
    const lost = Object.entries(drops).filter(([, count]) => count > 0);
    const times = Object.entries(steps).map(([step, { p50Micros, p95Micros }]) => {
      return `${step} ${millis(p50Micros)} / ${millis(p95Micros)} ms`;
    });
    return element('div', 'sb-stage', [
      element('span', 'sb-name', name),
      element('span', 'sb-figures', `${perSecond.toFixed(1)}/s`),
      element('div', 'sb-detail', times.join(' · ')),
      element(
        'div',
        'sb-detail sb-lost',
        lost.map(([reason, count]) => `${words('lost')} ${count}: ${reason}`).join(' · '),
      ),
    ]);
  });
}

function millis(micros: number): string {
  return (micros / 1000).toFixed(micros < 10_000 ? 1 : 0);
}
