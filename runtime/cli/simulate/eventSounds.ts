import { drawScene, HEARD_SECONDS } from '../../../devices/simulated/drawScene';
import { events } from '../../../devices/simulated/events/catalogue';
import { exampleOf } from '../../../devices/simulated/example';
import { SOUND_RATE_HZ } from '../../../devices/simulated/sound/voice';
import { sheetSeed } from './contactSheet';
import { soundFile } from './soundFile';

/** The sound of one event, as the scene of the contact sheet has it. */
export interface EventSound {
  readonly event: string;
  readonly label: string;
  readonly file: string;
  readonly wav: Buffer;
}

const SECONDS = 1.2;
/** Heard before a sudden event. */
const BEFORE_SECONDS = 0.12;
const PEAK = 0.6;

/** A short sound of each audible event, as loud as the others, so that a person can listen through them. */
export function eventSounds(seed: number): readonly EventSound[] {
  return events.flatMap((event, index): EventSound[] => {
    if (!event.sensors.includes('audio')) return [];
    const scene = drawScene(sheetSeed(seed, index), { events: [event] });
    const onset = scene.happenings[0]?.startSeconds ?? 0;
    const from = event.onset === 'sudden' ? Math.max(0, onset - BEFORE_SECONDS - HEARD_SECONDS.from) : 0;
    const start = Math.round(from * SOUND_RATE_HZ);
    const cut = exampleOf.audio(scene).slice(start, start + SECONDS * SOUND_RATE_HZ);
    const peak = cut.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
    const wav = soundFile(
      cut.map((value) => (value * PEAK) / peak),
      SOUND_RATE_HZ,
    );
    return [{ event: event.id, label: event.phrases[0], file: `sounds/${event.id}.wav`, wav }];
  });
}
