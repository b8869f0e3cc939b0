import type { CalibrationSource } from '../../models/bundle/calibration';
import { generatedInputs } from '../../runtime/learn/calibrate/generatedInputs';

/** The first of the generated inputs: enough for encoders without outliers. */
export function fewInputs(count: number): CalibrationSource {
  return (encoder) => {
    const { description, items } = generatedInputs(encoder);
    return { description, items: firstOf(items, count) };
  };
}

async function* firstOf<Item>(items: AsyncIterable<Item>, count: number): AsyncGenerator<Item> {
  let left = count;
  for await (const item of items) {
    yield item;
    left--;
    if (left === 0) return;
  }
}
