import { target as bno08x } from './bno08x';
import { target as mcu90640 } from './mcu90640';
import { target as motionLines } from './motionLines';
import { target as pickle } from './pickle';
import type { FuzzTarget } from './target';
import { target as wav } from './wav';
import { target as witmotion } from './witmotion';
import { target as zip } from './zip';

/** All readers of outside bytes that are fuzzed. */
export const TARGETS: readonly FuzzTarget[] = [pickle, wav, zip, witmotion, bno08x, motionLines, mcu90640];
