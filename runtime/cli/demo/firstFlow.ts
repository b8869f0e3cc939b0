import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { WorldChoice } from '../../../devices/simulated/sharedWorld';
import { bundleFolder } from '../../../models/mini/location';
import { labelIdsOf } from '../../../nodes/shared/words/labelIds';
import { linesOf } from '../../../nodes/shared/words/lines';

/** What is played: the same flow as anybody can import. */
const FIRST_FLOW = path.join(__dirname, '..', '..', '..', '..', 'examples', 'first-minute.json');

type FlowNode = { readonly id: string; readonly type: string } & Readonly<Record<string, unknown>>;

/**
 * The shipped flow with another world, broker and bundle.
 *
 * @throws where the file of the flow is gone.
 */
export async function flowOf({
  url,
  world,
  bundle,
}: {
  readonly url: string;
  readonly world: WorldChoice;
  readonly bundle?: string;
}): Promise<readonly FlowNode[]> {
  const flow = JSON.parse(await readFile(FIRST_FLOW, 'utf8')) as readonly FlowNode[];
  return flow.map((node) => {
    switch (node.type) {
      case 'sensebind-world':
        return {
          ...node,
          ...(world.kind === 'seed' ? { seed: world.seed } : { seed: '', scenario: path.resolve(world.file) }),
        };
      case 'sensebind-broker':
        return { ...node, url };
      case 'sensebind-bundle':
        return bundle === undefined ? node : { ...node, bundle: bundleFolder(bundle) };
      default:
        return node;
    }
  });
}

/** Ids of all that the flow looks for. */
export function labelsOf(flow: readonly unknown[]): ReadonlySet<string> {
  const words = flow.flatMap((node) => wordsOf(node));
  return new Set(labelIdsOf(words));
}

function wordsOf(node: unknown): readonly string[] {
  if (typeof node !== 'object' || node === null || !('words' in node) || typeof node.words !== 'string') return [];
  return linesOf(node.words);
}
