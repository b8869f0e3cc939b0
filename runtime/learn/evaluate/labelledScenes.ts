import { events } from '../../../devices/simulated/events/catalogue';
import { SensebindError } from '../../errors';
import type { PlannedScene } from '../scenePlan';
import { plannedInTurns } from './plannedInTurns';

/** Of the control set a part shows two events or none; so many times as many scenes are planned at most. */
const SPARE = 4;

/**
 * Labelled scenes for what labels are needed for: as many of each event, one event a scene, event by event in turn. Of a
 * set that neither the encoders nor the judgement see.
 */
export async function labelledScenes(perEvent: number, seed: number): Promise<readonly PlannedScene[]> {
  const lists = new Map<string, PlannedScene[]>(events.map(({ id }) => [id, []]));
  let missing = perEvent * events.length;
  for await (const scene of plannedInTurns({ set: 'control', count: SPARE * missing, seed })) {
    const [only, ...others] = scene.events;
    const list = only === undefined || others.length > 0 ? undefined : lists.get(only);
    if (list === undefined || list.length === perEvent) continue;
    list.push(scene);
    missing--;
    if (missing === 0) return events.flatMap(({ id }) => lists.get(id) ?? []);
  }
  throw new SensebindError(
    'INTERNAL',
    `Expected ${perEvent} scenes of each event, found ${missing} too few`,
    'Please report this.',
  );
}

/** The labelled scenes in draws: each has one scene of each event. */
export function drawsOf(labelled: readonly PlannedScene[], draws: number): readonly (readonly PlannedScene[])[] {
  const perEvent = Math.floor(labelled.length / events.length);
  return Array.from({ length: Math.min(draws, perEvent) }, (_, draw) =>
    events.flatMap((_event, at) => labelled.slice(at * perEvent + draw, at * perEvent + draw + 1)),
  );
}
