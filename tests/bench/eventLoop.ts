import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { wavFile } from '../../devices/audio/wavFile';
import { openBundle } from '../../models/bundle/bundle';
import { convertCheckpoint } from '../../models/bundle/convert';
import { RANDOM_WEIGHTS_LICENCE } from '../../models/bundle/licences';
import { randomStateDict } from '../../models/checkpoint/randomStateDict';
import { IMAGEBIND_HUGE, imagebindLayout } from '../../models/imagebind/layout';
import { readVariant } from '../../models/imagebind/variant';
import { type Millis, systemClock } from '../../runtime/clock';
import { FramePool } from '../../runtime/frames';
import { Engine } from '../../runtime/inference/engine';
import { SupervisedSource } from '../../runtime/source';
import { windowsFor } from '../../runtime/window/windowsFor';
import { deviceContext } from '../support/deviceContext';
import { repositoryRoot } from '../support/paths';
import type { Figure } from './measure';

const LARGEST_P99_MILLIS = 10;

/**
 * How long the main thread's event loop is held up while one sound is played in real time and every window goes through
 * the full-size audio encoder.
 */
export async function benchEventLoop({
  folder,
  seconds,
}: {
  readonly folder: string;
  readonly seconds: number;
}): Promise<Figure> {
  const scratch = await mkdtemp(path.join(folder, 'event-loop-'));
  const outputDirectory = path.join(scratch, 'bundle');
  await convertCheckpoint(randomStateDict(imagebindLayout(IMAGEBIND_HUGE, ['audio']), { seed: 1 }), {
    variant: await readVariant('imagebind_huge'),
    outputDirectory,
    precision: 'fp32',
    name: 'bench',
    trained: false,
    licence: RANDOM_WEIGHTS_LICENCE,
  });
  const bundle = await openBundle(outputDirectory, { stateDirectory: path.join(scratch, 'state') });
  const engine = await Engine.open(bundle, { modalities: ['audio'] });
  try {
    const spec = bundle.manifest.encoders['audio']?.input;
    if (spec === undefined) throw new Error('expected an audio encoder');
    let embeddings = 0;
    const underWay = new Set<Promise<void>>();
    const windows = windowsFor(
      {
        source: 'mic0',
        modality: 'audio',
        spec,
        size: { window: 2000 as Millis, hop: 1000 as Millis },
        channel: 0,
        pool: new FramePool({ frames: 8, bytes: 2 ** 22 }),
        clock: systemClock,
      },
      {
        window: ({ input, frame }) => {
          const work = engine
            .encode('audio', input, { source: 'mic0' })
            .then(() => {
              embeddings++;
            })
            .finally(() => frame.release());
          underWay.add(work);
        },
        dropped: () => undefined,
        gap: () => undefined,
      },
    );
    const driver = wavFile.open(
      { kind: 'wav', file: path.join(repositoryRoot, 'examples', 'sounds', 'door.wav'), loop: true },
      deviceContext({ folder: repositoryRoot }),
    );
    const source = new SupervisedSource('mic0', driver, { clock: systemClock });
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    source.start({
      reading: (reading) => windows.append(reading),
      lost: () => undefined,
      interrupted: () => windows.interrupt(),
      status: () => undefined,
      ended: () => undefined,
    });
    await new Promise<void>((resolve) => systemClock.setTimer((1000 * seconds) as Millis, resolve));
    delay.disable();
    await source.close();
    await Promise.allSettled(underWay);
    const p99 = delay.percentile(99) / 1e6;
    return {
      name: 'event-loop delay, one audio stream',
      measured: `p99 ${p99.toFixed(1)} ms, largest ${(delay.max / 1e6).toFixed(1)} ms (${embeddings} embeddings in ${seconds} s)`,
      budget: `p99 < ${LARGEST_P99_MILLIS} ms`,
      holds: p99 < LARGEST_P99_MILLIS && embeddings > 0,
      details: { p99, max: delay.max / 1e6, embeddings, seconds },
    };
  } finally {
    await engine.close();
    await rm(scratch, { recursive: true });
  }
}
