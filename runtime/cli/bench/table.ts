import { formatBytes } from '../output';
import type { Machine } from './machine';
import type { BenchReport, MeasuredEncoder } from './report';

/** Text in rows and columns, and what is to be said above and below. */
export interface BenchTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

const NONE = '-';

type Column = readonly [title: string, cell: (encoder: MeasuredEncoder) => string];

/** The report for people. */
export function benchTable(report: BenchReport): BenchTable {
  const { encoders } = report;
  const bundles = new Set(encoders.map(({ bundle }) => bundle));
  const rails = [...new Set(encoders.flatMap(({ power }) => power.map(({ rail }) => rail)))];
  const columns: readonly Column[] = [
    ...(bundles.size > 1 ? [['bundle', ({ bundle }) => bundle] satisfies Column] : []),
    ['encoder', ({ modality }) => modality],
    ['precision', ({ precision }) => precision],
    ['threads', ({ threads }) => String(threads)],
    ['prepare p50 ms', ({ preprocessing }) => millis(preprocessing.p50Millis)],
    ['forward p50 ms', ({ forward }) => millis(forward.p50Millis)],
    ['window p50 ms', ({ window }) => millis(window.p50Millis)],
    ['p95 ms', ({ window }) => millis(window.p95Millis)],
    ['windows/s', ({ windowsPerSecond }) => digits(windowsPerSecond)],
    ['private MB', ({ memory }) => megabytes(memory.privateBytes)],
    ['mapped MB', ({ memory }) => megabytes(memory.mappedBytes)],
    ['load ms', ({ loadMillis }) => loadMillis.toFixed(0)],
    ...(report.deviceCache === 'on'
      ? [['copy', ({ deviceCopy }) => (deviceCopy.isUsed ? 'used' : 'none')] satisfies Column]
      : []),
    ...rails.map((rail): Column => [`${rail} mJ/window`, (encoder) => millijoules(encoder, rail)]),
  ];
  return {
    title: titleOf(report),
    head: columns.map(([title]) => title),
    rows: encoders.map((encoder) => columns.map(([, cell]) => cell(encoder))),
    notes: notesOf(report),
  };
}

/** The same as a block of Markdown to share. */
export function benchMarkdown({ title, head, rows, notes }: BenchTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  const words = head.map((_, column) => rows.some((row) => Number.isNaN(Number(row[column])) && row[column] !== NONE));
  const rule = `|${words.map((isText) => (isText ? ' --- ' : ' ---: ')).join('|')}|`;
  return [
    `**${escaped(title)}**`,
    '',
    line(head),
    rule,
    ...rows.map(line),
    '',
    ...notes.map((note) => `- ${note}`),
  ].join('\n');
}

/** Names come from outside. */
function escaped(text: string): string {
  return text.replace(/[\\|*_`<]/g, '\\$&');
}

function titleOf({ machine, sensebind, time }: BenchReport): string {
  return `${nameOf(machine)}, ${machine.cores} ${machine.cores === 1 ? 'core' : 'cores'}, ${formatBytes(machine.memoryBytes)}, ${machine.platform}; sensebind ${sensebind}, Node.js ${machine.node}, onnxruntime ${machine.onnxruntime}; ${time.slice(0, 10)}`;
}

function nameOf({ board, processor }: Machine): string {
  if (board === null) return processor;
  return processor === 'unknown' ? board : `${board} (${processor})`;
}

function notesOf({ machine, energy, heat, busyShare, notes, ...report }: BenchReport): readonly string[] {
  const { hottest } = heat.after;
  const idle = energy.idle.map(({ rail, watts }) => `${rail} ${digits(watts)} W`).join(', ');
  return [
    'one window after the other, as one source gives them; window: prepare, forward, and the way to the worker and back',
    'memory: what the encoder adds to its process, the code of onnxruntime among it; mapped files are shared and given back when memory is short',
    ...deviceCacheNotes(report),
    `instructions for int8: ${machine.int8Instructions.join(', ') || 'none found'}`,
    `energy: ${energy.source}${idle === '' ? '' : `, all that hangs on the rail; idle: ${idle}`}`,
    `temperature: ${hottest === null ? 'not reported by this machine' : `${hottest.celsius.toFixed(0)} °C at the end (${hottest.zone})`}`,
    `other programs kept ${(100 * busyShare).toFixed(0)} % of all cores busy before the start`,
    ...notes,
  ];
}

/** Loading and memory are two things with a copy and without. */
function deviceCacheNotes({ deviceCache, encoders }: Pick<BenchReport, 'deviceCache' | 'encoders'>): readonly string[] {
  if (deviceCache === 'off') {
    return [
      'load and memory: without the device cache, as at the first start of a node; --device-cache: as at later ones',
    ];
  }
  const without = encoders.filter(({ deviceCopy }) => !deviceCopy.isUsed);
  const reasons = new Set(without.map(({ modality, deviceCopy: { reason } }) => `no copy of ${modality}: ${reason}`));
  return ['load and memory: from copies in the device cache, as at a later start of a node', ...reasons];
}

/** Three digits that count. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

function millis(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(1);
}

function megabytes(bytes: number | null): string {
  return bytes === null ? NONE : (bytes / 1e6).toFixed(0);
}

function millijoules({ power, windowsPerSecond }: MeasuredEncoder, rail: string): string {
  const watts = power.find((found) => found.rail === rail)?.watts;
  return watts === undefined ? NONE : digits((1000 * watts) / windowsPerSecond);
}
