import { target as bno08x } from './bno08x';
import { target as command } from './command';
import { target as embedding } from './embedding';
import { target as iio } from './iio';
import { target as mcu90640 } from './mcu90640';
import { target as motionLines } from './motionLines';
import { target as pickle } from './pickle';
import { target as readingsIn } from './readingsIn';
import { target as recording } from './recording';
import { target as safetensors } from './safetensors';
import { target as spool } from './spool';
import { target as tap } from './tap';
import type { FuzzTarget } from './target';
import { target as v4l2 } from './v4l2';
import { target as wav } from './wav';
import { target as witmotion } from './witmotion';
import { target as zip } from './zip';

/** All readers of outside bytes that are fuzzed. */
export const TARGETS: readonly FuzzTarget[] = [
  bno08x,
  command,
  embedding,
  iio,
  mcu90640,
  motionLines,
  pickle,
  readingsIn,
  recording,
  safetensors,
  spool,
  tap,
  v4l2,
  wav,
  witmotion,
  zip,
];
