/** What Home Assistant is told of a node. Built anew whenever something of it may have changed. */
export interface DescribedNode {
  readonly base: string;
  readonly node: string;
  readonly version: string;
  /** Name of the bundle; left out where a flow of Node-RED publishes. */
  readonly bundle?: string;
  readonly sources: readonly DescribedSource[];
  /** Ids of groups of sources. */
  readonly groups: readonly string[];
  /** Of all label sets in use; each id once. */
  readonly labels: readonly DescribedLabel[];
  /** Ids of rules. */
  readonly rules: readonly string[];
}

export interface DescribedSource {
  readonly id: string;
  readonly modality: string;
  /** Kind of device. */
  readonly device: string;
  /** It is scored with labels. */
  readonly hasScores: boolean;
}

export interface DescribedLabel {
  readonly id: string;
  readonly title: string;
}
