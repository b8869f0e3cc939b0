import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { METRICS } from '../../../runtime/metrics/definitions';
import { Exposition } from '../../../runtime/metrics/exposition';
import { healthOf, type PipelineStats } from '../../../runtime/pipelineStats';

const DURATIONS = { p50Micros: 1500, p95Micros: 250_000 };
const FIGURES = { ...DURATIONS, count: 3, sumMicros: 253_000 };

const STATS: PipelineStats = {
  version: '1.2.3',
  node: 'box',
  uptimeMicros: 5e6,
  rssBytes: 1e8,
  loopDelay: { p50Micros: 100, p99Micros: 4000, maxMicros: 9000 },
  gpuCelsius: 51.5,
  sources: {
    mic0: {
      modality: 'audio',
      state: 'online',
      readings: 40,
      readingsPerSecond: 10,
      windows: 4,
      windowsPerSecond: 1,
      embeddings: 3,
      gaps: 2,
      drops: { overwritten: 1, 'a "strange"\nreason': 7 },
      stages: { forward: FIGURES },
      encode: DURATIONS,
    },
  },
  lateForFusion: 6,
  events: [{ rule: 'fire', phase: 'new', count: 2 }],
  link: { connected: true, connects: 3, published: 99, drops: { offline: 5, congested: 0, oversize: 0, refused: 0 } },
  spool: {
    appended: 12,
    records: 4,
    bytes: 4096,
    unwritten: 1,
    oldestMillis: 61_000,
    drops: { quota: 8, unwritten: 0, oversize: 0, damaged: 0, expired: 0, unreadable: 0 },
    cutBytes: 0,
    delivered: 7,
    deadLetters: 1,
    unwrittenDeadLetters: 0,
  },
  refusedCommands: {},
  untakenReadings: {},
  engine: {
    state: 'ready',
    reason: 'started',
    providers: { audio: { provider: 'cpu', reason: 'chosen', deviceCopy: { state: 'off', reason: 'too small' } } },
    workers: [{ state: 'ready', reason: 'started', restarts: 1, activity: 'idle', calls: 3, threads: 2 }],
    modalities: {
      audio: {
        encoded: 3,
        failed: 1,
        superseded: 0,
        late: 0,
        aborted: 0,
        refused: 0,
        lost: 0,
        closed: 0,
        queued: 2,
        waiting: DURATIONS,
        preprocessing: DURATIONS,
        forward: DURATIONS,
      },
    },
    frames: { frames: 0, bytes: 0, refused: 0 } as never,
  },
};

describe('what is exposed for Prometheus', () => {
  it('has the values of the pipeline, in seconds and bytes', async () => {
    const text = await new Exposition(() => STATS).text();
    const lines = text.split('\n');
    for (const line of [
      'sensebind_info{version="1.2.3",node="box"} 1',
      'sensebind_source_online{source="mic0",modality="audio",state="online"} 1',
      'sensebind_source_windows_total{source="mic0"} 4',
      'sensebind_source_dropped_total{source="mic0",reason="overwritten"} 1',
      'sensebind_source_dropped_total{source="mic0",reason="a \\"strange\\"\\nreason"} 7',
      '# TYPE sensebind_stage_duration_seconds summary',
      'sensebind_stage_duration_seconds{source="mic0",stage="forward",quantile="0.95"} 0.25',
      'sensebind_stage_duration_seconds_sum{source="mic0",stage="forward"} 0.253',
      'sensebind_stage_duration_seconds_count{source="mic0",stage="forward"} 3',
      'sensebind_events_total{rule="fire",phase="new"} 2',
      'sensebind_mqtt_dropped_total{reason="offline"} 5',
      'sensebind_spool_oldest_age_seconds 61',
      'sensebind_spool_dropped_total{reason="quota"} 8',
      'sensebind_encoder_requests_total{modality="audio",outcome="failed"} 1',
      'sensebind_encoder_queued{modality="audio"} 2',
      'sensebind_encoder_info{modality="audio",provider="cpu"} 1',
      'sensebind_worker_restarts_total{worker="0"} 1',
      'sensebind_gpu_temperature_celsius 51.5',
    ]) {
      assert.ok(lines.includes(line), `${line}\n is not in\n${text}`);
    }
    assert.match(text, /^process_resident_memory_bytes \d{7,}/m);
    assert.match(text, /^nodejs_eventloop_lag_p99_seconds /m);
  });

  it('counts nothing twice when it is read again, and follows what changes', async () => {
    let stats = STATS;
    const exposition = new Exposition(() => stats);
    const own = async () => (await exposition.text()).split('\n').filter((line) => line.startsWith('sensebind'));
    assert.deepEqual(await own(), await own());
    stats = { ...STATS, sources: {}, lateForFusion: 8 };
    const lines = await own();
    assert.ok(lines.includes('sensebind_fusion_late_total 8'));
    assert.ok(!lines.some((line) => line.includes('mic0')));
  });

  it('is named as Prometheus recommends: base units at the end, _total for what only grows', () => {
    for (const { name, type, samples, labels } of METRICS) {
      assert.match(name, /^sensebind_[a-z]+(_[a-z0-9]+)*$/);
      assert.equal(name.endsWith('_total'), type === 'counter', name);
      assert.doesNotMatch(name, /(milli|micro)seconds|_ms|_mb|kilobytes/);
      for (const sample of samples(STATS)) {
        const expected = sample.part === undefined ? labels : labels.filter((label) => label !== 'quantile');
        assert.deepEqual(new Set(Object.keys(sample.labels)), new Set(expected), name);
      }
    }
    assert.equal(new Set(METRICS.map(({ name }) => name)).size, METRICS.length);
  });
});

describe('what health/1 says of them', () => {
  it('is the few figures that people look at', () => {
    const { sources, encoders, loop_delay_ms, drops } = healthOf(STATS);
    assert.deepEqual(sources['mic0']?.latency_ms, { forward: { p50: 1.5, p95: 250 } });
    assert.deepEqual([sources['mic0']?.readings_hz, sources['mic0']?.state], [10, 'online']);
    assert.deepEqual(encoders, { audio: { provider: 'cpu', forward_ms: { p50: 1.5, p95: 250 } } });
    assert.deepEqual([loop_delay_ms?.p99, drops], [4, { 'late-for-fusion': 6 }]);
  });
});
