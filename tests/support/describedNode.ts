import type { DescribedNode } from '../../runtime/mqtt/discovery/describedNode';

/** A node of two sources, a group, a rule and two labels, or what else is asked for. */
export function describedNode(options: Partial<DescribedNode> = {}): DescribedNode {
  return {
    base: 'sensebind',
    node: 'box',
    version: '1.2.3',
    bundle: 'mini',
    sources: [
      { id: 'mic0', modality: 'audio', device: 'arecord', hasScores: true },
      { id: 'heat0', modality: 'thermal', device: 'lepton', hasScores: false },
    ],
    groups: ['room'],
    rules: ['burglar'],
    labels: [
      { id: 'glass_breaking', title: 'glass breaking' },
      { id: 'dog', title: 'dog' },
    ],
    ...options,
  };
}

/** Labels with ids and titles of a usual length. */
export function manyLabels(count: number): DescribedNode['labels'] {
  return Array.from({ length: count }, (_, index) => ({
    id: `label_number_${index}`,
    title: `something that happens ${index}`,
  }));
}

export function manySources(count: number): DescribedNode['sources'] {
  return Array.from({ length: count }, (_, index) => ({
    id: `mic${index}`,
    modality: 'audio',
    device: 'arecord',
    hasScores: true,
  }));
}
