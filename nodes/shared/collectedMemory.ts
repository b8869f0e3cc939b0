import type { FrameHold, FrameMemory } from '../../runtime/reading';

/**
 * Memory of pictures that travel through a flow: nobody in a flow says when it is done with one, so the garbage collector
 * does. Everything that keeps pictures in our nodes is bounded; what a flow keeps in its context is the flow's.
 */
export const collectedMemory: FrameMemory = {
  acquire: (byteLength) => new CollectedFrame(new SharedArrayBuffer(Math.max(1, byteLength))),
};

class CollectedFrame implements FrameHold {
  constructor(readonly buffer: SharedArrayBuffer) {}

  retain(): this {
    return this;
  }

  release(): void {}
}
