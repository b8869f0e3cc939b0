import type { PipelineStats, SourceStats } from '../pipelineStats';

/** A value and the labels that tell it from the others of its metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Of a summary; left out, it is a quantile. */
  readonly part?: 'sum' | 'count';
}

/** One metric: names and units as Prometheus recommends them, base units and `_total` for what only grows. */
export interface MetricDefinition {
  readonly name: `sensebind_${string}`;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'summary';
  readonly labels: readonly string[];
  samples(stats: PipelineStats): readonly Sample[];
}

/** Everything that is told of a pipeline. What the process itself is doing, prom-client knows. */
export const METRICS: readonly MetricDefinition[] = [
  {
    name: 'sensebind_info',
    help: 'Version and node id; always 1.',
    type: 'gauge',
    labels: ['version', 'node'],
    samples: ({ version, node }) => [{ labels: { version, node }, value: 1 }],
  },
  {
    name: 'sensebind_source_online',
    help: '1 while a source delivers, 0 while it is offline, degraded or switched off.',
    type: 'gauge',
    labels: ['source', 'modality', 'state'],
    samples: ofSources(({ modality, state }) => [{ labels: { modality, state }, value: state === 'online' ? 1 : 0 }]),
  },
  ofSource('readings', 'Readings that came from a source: pictures, or pieces of sound or motion.'),
  ofSource('windows', 'Windows that were complete.'),
  ofSource('embeddings', 'Windows that became an embedding.'),
  ofSource('gaps', 'Interruptions of a source.'),
  {
    name: 'sensebind_source_dropped_total',
    help: 'What a source lost, by reason.',
    type: 'counter',
    labels: ['source', 'reason'],
    samples: ofSources(({ drops }) => byReason(drops)),
  },
  {
    name: 'sensebind_stage_duration_seconds',
    help: 'How long windows take in a stage: quantiles of the last 256; total is from complete to published.',
    type: 'summary',
    labels: ['source', 'stage', 'quantile'],
    samples: ofSources(({ stages }) =>
      Object.entries(stages).flatMap(([stage, figures]) => [
        { labels: { stage, quantile: '0.5' }, value: figures.p50Micros / 1e6 },
        { labels: { stage, quantile: '0.95' }, value: figures.p95Micros / 1e6 },
        { labels: { stage }, value: figures.sumMicros / 1e6, part: 'sum' },
        { labels: { stage }, value: figures.count, part: 'count' },
      ]),
    ),
  },
  single('counter', 'fusion_late_total', 'What came too late for its joint window.', (stats) => stats.lateForFusion),
  {
    name: 'sensebind_events_total',
    help: 'Messages of events by rule and phase: new, update, end.',
    type: 'counter',
    labels: ['rule', 'phase'],
    samples: ({ events }) => events.map(({ rule, phase, count }) => ({ labels: { rule, phase }, value: count })),
  },
  single('gauge', 'mqtt_connected', '1 while the broker is there.', ({ link }) => (link.connected ? 1 : 0)),
  single(
    'counter',
    'mqtt_connects_total',
    'Connections that were made; one more than reconnects.',
    ({ link }) => link.connects,
  ),
  single('counter', 'mqtt_published_total', 'Messages that the broker got.', ({ link }) => link.published),
  {
    name: 'sensebind_mqtt_dropped_total',
    help: 'Messages that did not reach the broker, by reason.',
    type: 'counter',
    labels: ['reason'],
    samples: ({ link }) => byReason(link.drops),
  },
  single('gauge', 'spool_records', 'Messages that wait for the broker.', ({ spool }) => spool.records),
  single('gauge', 'spool_bytes', 'Size of the spool on the disk.', ({ spool }) => spool.bytes),
  single('gauge', 'spool_unwritten_records', 'Messages that no disk has yet.', ({ spool }) => spool.unwritten),
  single(
    'gauge',
    'spool_oldest_age_seconds',
    'About how long the oldest message has waited; 0 where none waits.',
    ({ spool }) => (spool.oldestMillis ?? 0) / 1000,
  ),
  single('counter', 'spool_appended_total', 'Messages that were spooled.', ({ spool }) => spool.appended),
  single('counter', 'spool_delivered_total', 'Messages that the broker acknowledged.', ({ spool }) => spool.delivered),
  single(
    'counter',
    'spool_dead_letters_total',
    'Messages that the broker refused for good.',
    ({ spool }) => spool.deadLetters,
  ),
  {
    name: 'sensebind_spool_dropped_total',
    help: 'Messages that the spool lost, by reason.',
    type: 'counter',
    labels: ['reason'],
    samples: ({ spool }) => byReason(spool.drops),
  },
  {
    name: 'sensebind_encoder_requests_total',
    help: 'What became of the inputs of an encoder.',
    type: 'counter',
    labels: ['modality', 'outcome'],
    samples: ofEncoders(
      ({ queued: _queued, waiting: _waiting, preprocessing: _prepare, forward: _forward, ...counts }) =>
        Object.entries(counts).map(([outcome, value]) => ({ labels: { outcome }, value })),
    ),
  },
  {
    name: 'sensebind_encoder_queued',
    help: 'Inputs that wait for their encoder.',
    type: 'gauge',
    labels: ['modality'],
    samples: ofEncoders(({ queued }) => [{ labels: {}, value: queued }]),
  },
  {
    name: 'sensebind_encoder_info',
    help: 'Execution provider that computes an encoder; always 1.',
    type: 'gauge',
    labels: ['modality', 'provider'],
    samples: ({ engine }) =>
      Object.entries(engine.providers).map(([modality, { provider }]) => ({
        labels: { modality, provider },
        value: 1,
      })),
  },
  {
    name: 'sensebind_worker_ready',
    help: '1 while an encoder worker takes work.',
    type: 'gauge',
    labels: ['worker'],
    samples: ({ engine }) =>
      engine.workers.map(({ state }, worker) => ({
        labels: { worker: `${worker}` },
        value: state === 'ready' ? 1 : 0,
      })),
  },
  {
    name: 'sensebind_worker_restarts_total',
    help: 'How often an encoder worker was started again.',
    type: 'counter',
    labels: ['worker'],
    samples: ({ engine }) =>
      engine.workers.map(({ restarts }, worker) => ({ labels: { worker: `${worker}` }, value: restarts })),
  },
  single(
    'gauge',
    'event_loop_delay_p99_seconds',
    'How late the event loop came round in the last 10 s.',
    ({ loopDelay }) => loopDelay.p99Micros / 1e6,
  ),
  {
    name: 'sensebind_gpu_temperature_celsius',
    help: 'Of the graphics processor, where the kernel tells it.',
    type: 'gauge',
    labels: [],
    samples: ({ gpuCelsius }) => (gpuCelsius === null ? [] : [{ labels: {}, value: gpuCelsius }]),
  },
];

function single(
  type: MetricDefinition['type'],
  name: string,
  help: string,
  value: (stats: PipelineStats) => number,
): MetricDefinition {
  return {
    name: `sensebind_${name}`,
    help,
    type,
    labels: [],
    samples: (stats) => [{ labels: {}, value: value(stats) }],
  };
}

function ofSource(count: 'readings' | 'windows' | 'embeddings' | 'gaps', help: string): MetricDefinition {
  return {
    name: `sensebind_source_${count}_total`,
    help,
    type: 'counter',
    labels: ['source'],
    samples: ofSources((source) => [{ labels: {}, value: source[count] }]),
  };
}

function ofSources(samples: (source: SourceStats) => readonly Sample[]): MetricDefinition['samples'] {
  return ({ sources }) =>
    Object.entries(sources).flatMap(([source, stats]) => samples(stats).map((sample) => labelled(sample, { source })));
}

type ModalityStats = PipelineStats['engine']['modalities'][string];

function ofEncoders(samples: (stats: ModalityStats) => readonly Sample[]): MetricDefinition['samples'] {
  return ({ engine }) =>
    Object.entries(engine.modalities).flatMap(([modality, stats]) =>
      samples(stats).map((sample) => labelled(sample, { modality })),
    );
}

function labelled(sample: Sample, more: Sample['labels']): Sample {
  return { ...sample, labels: { ...more, ...sample.labels } };
}

function byReason(counts: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(counts).map(([reason, value]) => ({ labels: { reason }, value }));
}
