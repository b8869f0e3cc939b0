import type { Micros } from './clock';
import type { LoopDelay } from './eventLoopDelay';
import type { EngineStats } from './inference/stats';
import type { LaneStats } from './laneMeter';
import type { LinkCounters } from './mqtt/link';
import type { HealthMessage } from './mqtt/messages';
import type { OutboxCounters } from './mqtt/sender/outbox';
import type { Modality } from './reading';
import type { Durations } from './recentDurations';
import type { SourceState } from './source';

/** A source and what it did. */
export interface SourceStats extends LaneStats {
  readonly modality: Modality;
  readonly state: SourceState;
}

/** Events that were published of one rule and phase. */
export interface EventCount {
  readonly rule: string;
  readonly phase: string;
  readonly count: number;
}

/** All that is counted and measured in a pipeline since it was started. */
export interface PipelineStats {
  readonly version: string;
  readonly node: string;
  readonly uptimeMicros: Micros;
  readonly rssBytes: number;
  /** Of the last seconds. */
  readonly loopDelay: LoopDelay;
  readonly gpuCelsius: number | null;
  readonly sources: Readonly<Record<string, SourceStats>>;
  readonly lateForFusion: number;
  readonly events: readonly EventCount[];
  readonly link: LinkCounters & { readonly connected: boolean };
  readonly spool: OutboxCounters;
  readonly engine: EngineStats;
  /** By reason. */
  readonly refusedCommands: Readonly<Record<string, number>>;
  /** What boards published and no source took, by reason. */
  readonly untakenReadings: Readonly<Record<string, number>>;
}

/** The few numbers of all that a person wants to see (reference/mqtt.md §4.5). */
export function healthOf(
  stats: PipelineStats,
): Omit<HealthMessage, 's' | 'boot' | 't' | 'reconnects' | 'published' | 'spool'> {
  const { loopDelay, engine } = stats;
  return {
    uptime_s: stats.uptimeMicros / 1e6,
    rss_mb: stats.rssBytes / 1e6,
    loop_delay_ms: {
      p50: loopDelay.p50Micros / 1000,
      p99: loopDelay.p99Micros / 1000,
      max: loopDelay.maxMicros / 1000,
    },
    gpu_celsius: stats.gpuCelsius,
    drops: { 'late-for-fusion': stats.lateForFusion, ...stats.refusedCommands, ...stats.untakenReadings },
    encoders: Object.fromEntries(
      Object.entries(engine.modalities).map(([modality, figures]) => [
        modality,
        { provider: engine.providers[modality]?.provider ?? null, forward_ms: percentiles(figures.forward) },
      ]),
    ),
    sources: Object.fromEntries(Object.entries(stats.sources).map(([id, source]) => [id, sourceHealth(source)])),
  };
}

function sourceHealth(source: SourceStats): HealthMessage['sources'][string] {
  const stages = Object.entries(source.stages);
  return {
    state: source.state,
    readings_hz: rounded(source.readingsPerSecond),
    windows_hz: rounded(source.windowsPerSecond),
    windows: source.windows,
    embeddings: source.embeddings,
    gaps: source.gaps,
    drops: source.drops,
    encode_ms: source.encode === undefined ? null : percentiles(source.encode),
    latency_ms: Object.fromEntries(stages.map(([stage, figures]) => [stage, percentiles(figures)])),
  };
}

function percentiles({ p50Micros, p95Micros }: Durations): { readonly p50: number; readonly p95: number } {
  return { p50: p50Micros / 1000, p95: p95Micros / 1000 };
}

function rounded(rate: number): number {
  return Math.round(rate * 100) / 100;
}
