import type { Clock } from '../clock';
import { SensebindError } from '../errors';
import type { DetectedEvent } from '../events/detectedEvent';
import type { PipelineEvent } from '../pipelineEvent';
import { LossLog } from './lossLog';
import { printNote } from './output';

/**
 * Logs what happens in a pipeline to the standard error: a line for a person, or one JSON object a line. Lost windows that
 * follow others are told once a minute, with their count (`more` in JSON).
 */
export function eventLog({
  json,
  clock,
}: {
  readonly json: boolean;
  readonly clock: Clock;
}): (event: PipelineEvent) => void {
  const losses = new LossLog(clock, (loss, more) => {
    const event = { kind: 'failed', ...loss } as const;
    const isFirst = more === 0;
    if (json) printNote(JSON.stringify({ ...jsonLine(event, clock), ...(isFirst ? {} : { more }) }));
    else if (isFirst) printNote(failedLine(event));
    else printNote(`${loss.source}: ${more} more in the last minute of: ${loss.error.message}`);
  });
  return (event) => {
    if (event.kind === 'embedding' || event.kind === 'fused') return;
    if (event.kind === 'failed' && losses.take(event)) return;
    const line = json ? JSON.stringify(jsonLine(event, clock)) : textLine(event);
    if (line !== undefined) printNote(line);
  };
}

function jsonLine(event: PipelineEvent, clock: Clock): object {
  const line = { time: new Date(clock.epochMicros() / 1000).toISOString(), ...event };
  if (event.kind === 'broker' || event.kind === 'spool')
    return { ...line, event: { ...event.event, ...errorOf(event.event) } };
  return {
    ...line,
    ...errorOf(event),
    ...('status' in event ? { status: { ...event.status, ...errorOf(event.status) } } : {}),
  };
}

/** An error in words: its own fields are not enumerable. */
function errorOf(holder: object): object {
  if (!('error' in holder) || !(holder.error instanceof SensebindError)) return {};
  const { code, message, cure } = holder.error;
  return { error: { code, message, cure } };
}

function textLine(event: PipelineEvent): string | undefined {
  switch (event.kind) {
    case 'broker':
      return brokerLine(event.event);
    case 'spool':
      return spoolLine(event.event);
    case 'source':
      return `${event.source}: ${event.status.state}${event.status.reason === undefined ? '' : `, ${event.status.reason}`}`;
    case 'scores':
      return `${event.source}: ${event.scores.labels
        .toSorted((a, b) => b.cosine - a.cosine)
        .slice(0, 3)
        .map(({ title, probability, cosine }) =>
          event.scores.meaningful
            ? `${title} ${(100 * probability).toFixed(0)} %`
            : `cosine to "${title}" ${cosine.toFixed(3)}`,
        )
        .join(', ')}`;
    case 'embedding':
    case 'fused':
      return undefined;
    case 'detected':
      return eventLine(event.event);
    case 'blocked':
      return `warning: the event loop was held up for ${(event.blocked / 1000).toFixed(1)} s; readings and messages had to wait`;
    case 'failed':
      return failedLine(event);
    case 'command':
      return commandLine(event.command);
    case 'ended':
      return 'every source has come to its end';
  }
}

function failedLine({ source, error }: Pick<Extract<PipelineEvent, { kind: 'failed' }>, 'source' | 'error'>): string {
  return `${source}: ${error.message} → ${error.cure}`;
}

function commandLine({ verb, by, status, problem }: Extract<PipelineEvent, { kind: 'command' }>['command']): string {
  const who = by === null ? '' : `, by "${by}"`;
  return `command ${verb}${who}: ${problem === undefined ? status : `${problem.code}, ${problem.message}`}`;
}

function eventLine({ rule, phase, severity, evidence }: DetectedEvent): string {
  const seen = evidence.map(({ of, what, value }) => {
    if (what.kind === 'label') return `${of} ${what.label}${value === null ? '' : ` ${(100 * value).toFixed(0)} %`}`;
    return `${of} ${what.measure} ${value === null ? 'unknown' : `${value.toFixed(1)} ${what.unit}`}`;
  });
  return `${severity} ${rule}: ${phase}, ${seen.join(', ')}`;
}

function brokerLine(event: Extract<PipelineEvent, { readonly kind: 'broker' }>['event']): string {
  switch (event.kind) {
    case 'connected':
      return `broker: connected, MQTT ${event.version}`;
    case 'disconnected':
      return `broker: ${event.error.message} → ${event.error.cure}; next attempt in ${(event.retryMillis / 1000).toFixed(1)} s`;
    case 'rival':
    case 'refused':
      return `broker: ${event.error.message} → ${event.error.cure}`;
  }
}

function spoolLine(event: Extract<PipelineEvent, { readonly kind: 'spool' }>['event']): string {
  switch (event.kind) {
    case 'failed':
      return `spool: ${event.error.message} → ${event.error.cure}`;
    case 'recovered':
      return 'spool: messages are written again';
    case 'set-aside':
      return `spool: files that this version cannot read are set aside: ${event.files.join(', ')}`;
  }
}
