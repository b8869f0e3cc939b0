import { target as pickle } from './pickle';
import { target as recording } from './recording';
import type { FuzzTarget } from './target';
import { target as wav } from './wav';
import { target as zip } from './zip';

/** All readers of outside bytes that are fuzzed. */
export const TARGETS: readonly FuzzTarget[] = [pickle, recording, wav, zip];
