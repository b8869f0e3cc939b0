/** What `GET sensebind/live` answers (nodes/shared/live/board.ts). */
export interface Snapshot {
  readonly nowMicros: number;
  readonly sources: readonly LiveSource[];
  readonly stages: readonly Stage[];
  readonly scores: readonly ScoreHistory[];
  readonly events: readonly LiveEvent[];
  /** What really happens in a simulated world. */
  readonly truth: readonly LiveTruth[];
}

export interface LiveTruth {
  readonly event: string;
  readonly title: string;
  readonly startMicros: number;
  readonly endMicros: number | null;
}

export interface LiveSource {
  readonly node: string;
  readonly source: string;
  readonly modality: string;
  readonly status: { readonly state: 'offline' | 'online' | 'degraded' | 'disabled'; readonly reason?: string };
  readonly perSecond: number;
  readonly preview?: Preview;
}

export type Preview =
  | {
      readonly kind: 'picture';
      readonly width: number;
      readonly height: number;
      readonly rgb: string;
      readonly range?: { readonly least: number; readonly most: number; readonly unit: string };
    }
  | { readonly kind: 'sound'; readonly columns: string; readonly bands: number; readonly levelDb: number }
  | { readonly kind: 'motion'; readonly acceleration: readonly (readonly number[])[] };

export interface Stage {
  readonly node: string;
  readonly name: string;
  readonly perSecond: number;
  readonly drops: Readonly<Record<string, number>>;
  readonly steps: Readonly<Record<string, { readonly p50Micros: number; readonly p95Micros: number }>>;
}

export interface ScoreHistory {
  readonly node: string;
  readonly source: string;
  readonly labelSet: string;
  readonly labels: readonly { readonly label: string; readonly title: string }[];
  readonly past: readonly { readonly endMicros: number; readonly probabilities: readonly (number | null)[] }[];
}

export interface LiveEvent {
  readonly id: string;
  readonly node: string;
  readonly phase: 'new' | 'update' | 'end';
  readonly title: string;
  readonly source: string | null;
  readonly probability: number | null;
  readonly startMicros: number;
  readonly endMicros: number | null;
}
