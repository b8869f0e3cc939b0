import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ticksOf } from '../../../../runtime/learn/plots/axes';
import { barChart } from '../../../../runtime/learn/plots/barChart';
import { lineChart } from '../../../../runtime/learn/plots/lineChart';
import { lossPlot } from '../../../../runtime/learn/plots/trainingPlots';

/** Every element is closed in the order in which it was opened, and nothing but elements holds a `<` or a bare `&`. */
function checkWellFormed(svg: string): void {
  const open: string[] = [];
  const rest = svg.replace(
    /<(\/?)([a-z]+)((?: [a-z0-9:-]+="[^"<>]*")*)(\/?)>/gi,
    (_, ends, name, _attributes, alone) => {
      if (ends === '/') assert.equal(open.pop(), name);
      else if (alone !== '/') open.push(name);
      return '';
    },
  );
  assert.deepEqual(open, []);
  assert.doesNotMatch(rest, /[<>]|&(?!amp;|lt;|gt;|quot;)/);
}

/** The heights of the first curve, in pixels from above. */
function heightsOf(svg: string): readonly number[] {
  const points = /<polyline[^>]* points="([^"]*)"/.exec(svg)?.[1] ?? '';
  return points.split(' ').map((point) => Number(point.split(',')[1]));
}

describe('plots', () => {
  it('are well-formed, whatever names people give', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.array(fc.double(), { maxLength: 20 }), (name, values) => {
        const points = values.map((y, x) => ({ x, y }));
        const names = `${name}<&"`.replace(/\p{Cc}/gu, '');
        checkWellFormed(lineChart({ title: names, xName: names, yName: names, series: [{ name: names, points }] }));
        checkWellFormed(
          barChart({
            title: names,
            yName: names,
            series: [names],
            groups: [{ name: names, bars: [undefined] }],
            most: 1,
          }),
        );
      }),
    );
  });

  it('draw a falling loss as a falling curve within its frame', () => {
    const losses = Array.from({ length: 5000 }, (_, step) => 4 * Math.exp(-step / 1000));
    const heights = heightsOf(lossPlot([{ name: 'audio', losses, recalls: [] }]));
    assert.equal(heights.length, 300);
    for (const [at, height] of heights.slice(1).entries()) assert.ok(height >= heights[at]!);
    assert.ok(Math.min(...heights) >= 48 && Math.max(...heights) <= 368);
  });

  it('leave out what is not finite, and have a place for nothing at all', () => {
    const svg = lineChart({
      title: 't',
      xName: 'x',
      yName: 'y',
      series: [
        {
          name: 's',
          points: [
            { x: 1, y: 2 },
            { x: 2, y: Number.NaN },
            { x: 3, y: 3 },
          ],
        },
      ],
    });
    assert.equal(heightsOf(svg).length, 2);
    assert.doesNotMatch(lossPlot([]), /NaN|Infinity/);
  });

  it('make bars as high as their values', () => {
    const bars = [25, 50, 100].map((value) => ({ value, low: value, high: value }));
    const svg = barChart({ title: 't', yName: '%', series: ['a', 'b', 'c'], groups: [{ name: 'g', bars }], most: 100 });
    const heights = [...svg.matchAll(/class="fill s\d"[^>]*y="[^"]*"[^>]* height="([\d.]+)"/g)].map(([, height]) =>
      Number(height),
    );
    const [first = 0, second = 0, third = 0] = heights;
    assert.ok(Math.abs(second - 2 * first) < 0.1 && Math.abs(third - 4 * first) < 0.1);
  });

  it('have round ticks within the range', () => {
    assert.deepEqual(ticksOf({ low: 0, high: 1 }, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
    assert.deepEqual(ticksOf({ low: 3, high: 6240 }, 4), [2000, 4000, 6000]);
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(value, fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (low, width) => {
        const ticks = ticksOf({ low, high: low + width }, 6);
        assert.ok(ticks.length >= 1 && ticks.length <= 8);
        for (const tick of ticks) assert.ok(tick >= low - width * 1e-6 && tick <= low + width * (1 + 1e-6));
      }),
    );
  });
});
