import { coverAndCentre, type Framing, type Size } from './crop';
import { type ResizeAxis, resizeAxis } from './resizeAxis';

/** How the pixels of one picture size become one window of the resized picture. */
export interface CropPlan {
  readonly from: Size;
  readonly to: Size;
  readonly horizontal: ResizeAxis;
  readonly vertical: ResizeAxis;
}

/** Resizes from `from` and keeps the window of size `to`. */
export function planCrop(from: Size, to: Size, framing: Framing): CropPlan {
  return {
    from,
    to,
    horizontal: resizeAxis({
      size: from.width,
      resized: framing.resized.width,
      first: framing.left,
      count: to.width,
    }),
    vertical: resizeAxis({
      size: from.height,
      resized: framing.resized.height,
      first: framing.top,
      count: to.height,
    }),
  };
}

/** More sizes than cameras on one box; a folder of files of mixed sizes stays bounded. */
const PLANS_KEPT = 8;

/** The plans that cover and centre one target size, remembered for the picture sizes seen last. */
export class CoverPlans {
  readonly #to: Size;
  readonly #plans: CropPlan[] = [];

  constructor(to: Size) {
    this.#to = to;
  }

  of({ width, height }: Size): CropPlan {
    const known = this.#plans.find((plan) => plan.from.width === width && plan.from.height === height);
    if (known) return known;
    const from = { width, height };
    const plan = planCrop(from, this.#to, coverAndCentre(from, this.#to));
    this.#plans.unshift(plan);
    this.#plans.length = Math.min(this.#plans.length, PLANS_KEPT);
    return plan;
  }
}
