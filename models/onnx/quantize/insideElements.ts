import { Scratch } from '../../streaming/scratch';
import type { Content, Graph, Value } from '../graph';

/** What is not in the weights file of the source goes into the model itself: for graphs that are run and forgotten. */
export async function changedElements(graph: Graph): Promise<ReadonlyMap<Value, Content>> {
  const contents = new Map<Value, Content>();
  for (const { value, content } of graph.initializers) {
    if (content.kind === 'streamed') contents.set(value, { kind: 'inline', data: await content.read(new Scratch()) });
  }
  return contents;
}
