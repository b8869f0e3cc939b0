import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { drawScene } from '../../../devices/simulated/drawScene';
import { events } from '../../../devices/simulated/events/catalogue';
import { renderExample } from '../../../devices/simulated/example';
import { cosine, exponential, fromDecibels, sine } from '../../../devices/simulated/maths';
import { MotionTrack } from '../../../devices/simulated/motion/motionTrack';
import { RgbPicture } from '../../../devices/simulated/rgb';
import { SoundTrack } from '../../../devices/simulated/sound/soundTrack';
import { View } from '../../../devices/simulated/view';
import { repositoryRoot } from '../../support/paths';
import { bytesOf } from './exampleBytes';

/**
 * Of the examples of seeds 0 … 99. A change of it is a change of the world: the shipped model and its figures belong to
 * one hash.
 */
const HASH = '9d0fc879af5809b7a5f02027dcd68679571589e1bbfb00bb8b73aaf0bfae6a4e';

describe('a scene', () => {
  it('is the same for ever: the hash of 100', () => {
    const hash = createHash('sha256');
    for (let seed = 0; seed < 100; seed++) {
      for (const bytes of bytesOf(renderExample(drawScene(seed)))) hash.update(bytes);
    }
    assert.equal(hash.digest('hex'), HASH);
  });

  it('is another for another seed', () => {
    const [one, other] = [1, 2].map((seed) => bytesOf(renderExample(drawScene(seed, { events: [] }))));
    for (const [index, bytes] of one!.entries()) assert.notDeepEqual(bytes, other![index]);
  });

  it('sounds and moves the same in small blocks as in one', () => {
    for (const event of events) {
      const scene = drawScene(7, { events: [event] });
      const whole = new SoundTrack(scene, { fromSeconds: 1.5 }).next(32_000, scene.happenings);
      const track = new SoundTrack(scene, { fromSeconds: 1.5 });
      const parts = Array.from({ length: 40 }, () => [...track.next(800, scene.happenings)]).flat();
      assert.deepEqual(parts, [...whole], event.id);
      const [wholeX, , wholeZ] = new MotionTrack(scene, { fromSeconds: 0 }).next(1000, scene.happenings);
      const motion = new MotionTrack(scene, { fromSeconds: 0 });
      const blocks = Array.from({ length: 100 }, () => motion.next(10, scene.happenings));
      assert.deepEqual(
        blocks.flatMap(([x]) => [...x]),
        [...wholeX],
        event.id,
      );
      assert.deepEqual(
        blocks.flatMap(([, , z]) => [...z]),
        [...wholeZ],
        event.id,
      );
    }
  });

  it('looks the same when it is rendered some rows at a time', () => {
    const scene = drawScene(11, { events: [events[4]!] });
    const size = { width: 40, height: 30 };
    const pictures = [
      [[0, 30]],
      [
        [20, 30],
        [0, 7],
        [7, 20],
      ],
    ].map((parts) => {
      const rgb = new Uint8Array(size.width * size.height * 3);
      const picture = new RgbPicture(new View(scene, { size, atSeconds: 3, use: 'vision' }));
      for (const [from = 0, to = 0] of parts) picture.render(rgb, { from, to });
      return rgb;
    });
    assert.deepEqual(pictures[0], pictures[1]);
  });
});

describe('functions that no engine can change', () => {
  it('are the only ones that the world uses', async () => {
    const folder = path.join(repositoryRoot, 'devices', 'simulated');
    const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'));
    assert.ok(files.length > 40);
    for (const file of files) {
      const text = await readFile(path.join(folder, file), 'utf8');
      // What ECMAScript fixes to the last bit; 2 ** 32 is a constant that every engine gets right.
      const used = text.match(/Math\.\w+|[^\s(]+ \*\* \S+|Date\.|setTimeout/g) ?? [];
      const allowed = /^(Math\.(abs|ceil|floor|imul|max|min|round|sign|sqrt|PI|LN2|LN10|LOG2E)$|2 \*\* \d+)/;
      assert.deepEqual(
        used.filter((name) => !allowed.test(name)),
        [],
        file,
      );
    }
  });

  it('agree with those of the engine', () => {
    fc.assert(
      fc.property(fc.double({ min: -1000, max: 1000, noNaN: true }), (turns) => {
        assert.ok(Math.abs(sine(turns) - Math.sin(2 * Math.PI * turns)) < 1e-6);
        assert.ok(Math.abs(cosine(turns) - Math.cos(2 * Math.PI * turns)) < 1e-6);
      }),
    );
    fc.assert(
      fc.property(fc.double({ min: -60, max: 60, noNaN: true }), (x) => {
        assert.ok(Math.abs(exponential(x) / Math.exp(x) - 1) < 1e-9);
      }),
    );
    assert.ok(Math.abs(fromDecibels(20) - 10) < 1e-9);
    assert.equal(exponential(-1e9), 0);
  });
});
