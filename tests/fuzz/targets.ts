import { target as embedding } from './embedding';
import { target as iio } from './iio';
import { target as pickle } from './pickle';
import type { FuzzTarget } from './target';
import { target as v4l2 } from './v4l2';
import { target as wav } from './wav';
import { target as zip } from './zip';

/** All readers of outside bytes that are fuzzed. */
export const TARGETS: readonly FuzzTarget[] = [embedding, iio, pickle, v4l2, wav, zip];
