import { SingleBar } from 'cli-progress';
import type { SceneProgress } from '../learn/sceneSets';
import type { StageProgress } from '../learn/train/stage';
import { printNote } from './output';

/** Shows a training: a bar on a terminal, a line every few hundred steps elsewhere. */
export interface TrainingProgress {
  readonly scenes: (progress: SceneProgress) => void;
  readonly stage: (progress: StageProgress) => void;
  readonly stop: () => void;
}

/** How much of the latest loss stands in the shown one. */
const SMOOTHING = 0.02;
const SCENES_A_LINE = 8192;

export function trainingProgress(): TrainingProgress {
  const bar = process.stderr.isTTY ? new LiveBar() : undefined;
  const loss = new SmoothedLoss();
  let recall = 'R@1 not measured yet';
  let shownScenes = 0;
  return {
    scenes: ({ scenes, of, scenesPerSecond }) => {
      const rate = `${scenesPerSecond.toFixed(0)} scenes/s`;
      if (bar !== undefined) bar.show({ name: 'scenes', done: scenes, of, text: rate });
      else if (scenes >= of || scenes < shownScenes || scenes - shownScenes >= SCENES_A_LINE) {
        printNote(`scenes: ${scenes} of ${of}, ${rate}`);
        shownScenes = scenes >= of ? 0 : scenes;
      }
    },
    stage: (progress) => {
      const { stage, step, steps, recallAt1, secondsLeft } = progress;
      const smoothed = loss.of(progress);
      if (recallAt1 !== undefined) recall = `R@1 ${(100 * recallAt1).toFixed(1)} %`;
      const text = `loss ${smoothed.toFixed(3)}, ${recall}, ${duration(secondsLeft)} left`;
      if (bar !== undefined) bar.show({ name: stage, done: step, of: steps, text });
      else if (recallAt1 !== undefined) printNote(`${stage}: step ${step} of ${steps}, ${text}`);
    },
    stop: () => bar?.stop(),
  };
}

class SmoothedLoss {
  #stage = '';
  #value = 0;

  of({ stage, loss }: StageProgress): number {
    this.#value = stage === this.#stage ? this.#value + SMOOTHING * (loss - this.#value) : loss;
    this.#stage = stage;
    return this.#value;
  }
}

interface Shown {
  readonly name: string;
  readonly done: number;
  readonly of: number;
  readonly text: string;
}

class LiveBar {
  #bar: SingleBar | undefined;
  #name = '';

  show({ name, done, of, text }: Shown): void {
    if (this.#bar === undefined || name !== this.#name) {
      this.stop();
      this.#name = name;
      this.#bar = new SingleBar({
        format: '{name} {bar} {value}/{total} {text}',
        barsize: 24,
        stream: process.stderr,
        // Ours are the signal handlers: the bar must not end the process.
        gracefulExit: false,
      });
      this.#bar.start(of, done, { name: name.padEnd(8), text });
    }
    this.#bar.update(done, { name: name.padEnd(8), text });
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}

function duration(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  return minutes >= 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes} min`;
}
