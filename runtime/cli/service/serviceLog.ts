import type { Clock } from '../../clock';
import type { ConfigChange } from '../../configChange';
import { SensebindError } from '../../errors';
import { printNote } from '../output';
import type { ServiceEvent } from './serviceEvent';

/** Logs what happens to a service to the standard error: a line for a person, or one JSON object a line. */
export function serviceLog({
  json,
  clock,
}: {
  readonly json: boolean;
  readonly clock: Clock;
}): (event: ServiceEvent) => void {
  return (event) => printNote(json ? JSON.stringify(jsonLine(event, clock)) : textLine(event));
}

function jsonLine(event: ServiceEvent, clock: Clock): object {
  const time = new Date(clock.epochMicros() / 1000).toISOString();
  switch (event.kind) {
    case 'metrics':
      return { time, ...event, event: { ...event.event, ...errorOf(event.event) } };
    case 'reloaded':
      return { time, kind: event.kind, ...summaryOf(event.change) };
    default:
      return { time, ...event, ...errorOf(event) };
  }
}

function errorOf(holder: object): object {
  if (!('error' in holder) || !(holder.error instanceof SensebindError)) return {};
  const { code, message, cure } = holder.error;
  return { error: { code, message, cure } };
}

function summaryOf({ parts, opened, closed, labelSets }: ConfigChange): object {
  return {
    changed: parts,
    opened: opened.map(({ id }) => id),
    closed,
    labelSets: labelSets.put.map(({ id }) => id),
    removedLabelSets: labelSets.removed,
  };
}

function textLine(event: ServiceEvent): string {
  switch (event.kind) {
    case 'note':
      return event.text;
    case 'metrics':
      return event.event.kind === 'listening'
        ? `metrics: ${event.event.url}`
        : `metrics: ${inWords(event.event.error)}`;
    case 'reloaded':
      return `configuration: in use; ${changesOf(event.change)}`;
    case 'reload-refused':
      return `configuration: not used, the node goes on as before: ${inWords(event.error)}`;
    case 'systemd':
      return `systemd: ${inWords(event.error)}`;
    case 'forced-end':
      return `the process ends with code ${event.exitCode}: ${event.reason}`;
  }
}

function inWords({ message, cure }: SensebindError): string {
  return `${message} → ${cure}`;
}

function changesOf({ parts, opened, closed }: ConfigChange): string {
  if (parts.length === 0) return 'nothing is different';
  const sources = [
    ...(opened.length > 0 ? [`opened ${opened.map(({ id }) => id).join(', ')}`] : []),
    ...(closed.length > 0 ? [`closed ${closed.join(', ')}`] : []),
  ];
  return [`changed: ${parts.join(', ')}`, ...sources].join('; ');
}
