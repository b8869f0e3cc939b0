import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BenchReport, MeasuredEncoder } from '../../../../runtime/cli/bench/report';
import { benchMarkdown, benchTable } from '../../../../runtime/cli/bench/table';

const IMU: MeasuredEncoder = {
  bundle: 'house',
  modality: 'imu',
  precision: 'fp16',
  threads: 2,
  windows: 400,
  windowsPerSecond: 25,
  window: { p50Millis: 39.96, p95Millis: 41.2 },
  preprocessing: { p50Millis: 0.314, p95Millis: 0.5 },
  forward: { p50Millis: 38.04, p95Millis: 40 },
  loadMillis: 334.4,
  memory: { privateBytes: 337.4e6, mappedBytes: null },
  deviceCopy: { isUsed: false, reason: 'the device cache is switched off' },
  power: [{ rail: 'VDD_IN', watts: 7.5 }],
};

const REPORT: BenchReport = {
  format: 'sensebind-bench/1',
  time: '2026-11-27T08:00:00.000Z',
  sensebind: '0.1.0',
  machine: {
    board: 'Some Board',
    processor: 'unknown',
    cores: 6,
    memoryBytes: 8e9,
    platform: 'linux arm64',
    node: '24.0.0',
    onnxruntime: '1.30.0',
    int8Instructions: ['asimddp'],
  },
  busyShare: 0.02,
  energy: { source: 'INA3221 sensors of the board', idle: [{ rail: 'VDD_IN', watts: 3 }] },
  heat: {
    before: { hottest: null, slowing: [], throttled: 0 },
    after: { hottest: { zone: 'cpu-thermal', celsius: 61.4 }, slowing: [], throttled: 0 },
  },
  deviceCache: 'off',
  encoders: [IMU],
  notes: ['a note'],
};

const HEAD = [
  'encoder',
  'precision',
  'threads',
  'prepare p50 ms',
  'forward p50 ms',
  'window p50 ms',
  'p95 ms',
  'windows/s',
  'private MB',
  'mapped MB',
  'load ms',
];

describe('the table of sensebind bench', () => {
  it('has a row for each encoder, and a column for each rail whose energy is told', () => {
    const { title, head, rows, notes } = benchTable(REPORT);
    assert.equal(
      title,
      'Some Board, 6 cores, 8.00 GB, linux arm64; sensebind 0.1.0, Node.js 24.0.0, onnxruntime 1.30.0; 2026-11-27',
    );
    assert.deepEqual(head, [...HEAD, 'VDD_IN mJ/window']);
    // 7.5 W for a twenty-fifth of a second.
    assert.deepEqual(rows, [['imu', 'fp16', '2', '0.31', '38.0', '40.0', '41.2', '25', '337', '-', '334', '300']]);
    assert.ok(notes.includes('energy: INA3221 sensors of the board, all that hangs on the rail; idle: VDD_IN 3 W'));
    assert.ok(notes.includes('temperature: 61 °C at the end (cpu-thermal)'));
    assert.equal(notes.at(-1), 'a note');
  });

  it('tells bundles apart where there are several, and has no energy where none is told', () => {
    const encoders = [
      { ...IMU, power: [] },
      { ...IMU, bundle: 'yard', power: [] },
    ];
    const { head, rows } = benchTable({ ...REPORT, encoders });
    assert.deepEqual(head, ['bundle', ...HEAD]);
    assert.deepEqual(
      rows.map(([bundle]) => bundle),
      ['house', 'yard'],
    );
  });

  it('tells whether loading and memory are those with the device cache', () => {
    const { head, notes } = benchTable(REPORT);
    assert.ok(!head.includes('copy'));
    assert.ok(notes.some((note) => note.startsWith('load and memory: without the device cache')));
    const copied: MeasuredEncoder = { ...IMU, power: [], deviceCopy: { isUsed: true, reason: 'loaded from it' } };
    const small: MeasuredEncoder = { ...IMU, modality: 'depth', deviceCopy: { isUsed: false, reason: 'too small' } };
    const cached = benchTable({ ...REPORT, deviceCache: 'on', encoders: [copied, small] });
    const column = cached.head.indexOf('copy');
    assert.deepEqual(
      cached.rows.map((row) => row[column]),
      ['used', 'none'],
    );
    assert.ok(cached.notes.includes('no copy of depth: too small'));
    assert.ok(!cached.notes.some((note) => note.includes('imu')));
  });

  it('is Markdown that names from outside cannot break', () => {
    const table = benchTable({ ...REPORT, encoders: [{ ...IMU, modality: 'a|b<c' }] });
    const lines = benchMarkdown(table).split('\n');
    assert.equal(lines[2], `| ${[...HEAD, 'VDD\\_IN mJ/window'].join(' | ')} |`);
    assert.equal(lines[3], `| --- | --- |${' ---: |'.repeat(10)}`);
    assert.match(lines[4] ?? '', /^\| a\\\|b\\<c \| fp16 \| 2 \| 0\.31 /);
    assert.equal(lines.at(-1), '- a note');
  });
});
