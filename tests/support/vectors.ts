import type { Embedding } from '../../runtime/embedding';

const BASE: Embedding = {
  vector: new Float32Array(3),
  space: 'test:1',
  encoder: '0'.repeat(64),
  modality: 'audio',
  preset: 'test',
  precision: 'fp32',
  logitScale: 20,
  sources: ['mic0'],
  startMicros: 1_000_000,
  endMicros: 3_000_000,
  sequence: 0,
  flags: [],
};

/** An embedding of a few dimensions, brought to unit length. */
export function embeddingOf(values: readonly number[], changes: Partial<Embedding> = {}): Embedding {
  const norm = Math.hypot(...values);
  return { ...BASE, vector: Float32Array.from(values, (value) => value / norm), ...changes };
}
