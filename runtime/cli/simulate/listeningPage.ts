import { events } from '../../../devices/simulated/events/catalogue';
import { SENSORS } from '../../../devices/simulated/sensor';
import type { EventSound } from './eventSounds';

/** A page to listen through the sounds and to look at the contact sheet beside them. Plain HTML, works from a folder. */
export function listeningPage(options: { readonly seed: number; readonly sounds: readonly EventSound[] }): string {
  const rows = events.map((event) => {
    const sound = options.sounds.find((candidate) => candidate.event === event.id);
    const player = sound ? audioPlayer(sound) : 'silent';
    const marks = SENSORS.map((sensor) => `<td>${event.sensors.includes(sensor) ? '●' : ''}</td>`).join('');
    return `<tr><th>${event.phrases[0]}</th><td>${player}</td>${marks}</tr>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sensebind: the simulated world</title>
<style>
  body { font: 15px sans-serif; margin: 2em; max-width: 1100px; }
  th { text-align: left; font-weight: normal; padding-right: 1em; }
  td { padding: 0 0.6em; }
  audio { height: 28px; }
  img { max-width: 100%; image-rendering: pixelated; }
</style>
<h1>The simulated world, seed ${options.seed}</h1>
<p>Every kind of event, what it sounds like, and which sensors can perceive it (●). What a sensor cannot perceive is
rendered as if nothing happened. The sounds are as loud as each other here; in the world they are not.</p>
<table>
<tr><th></th><td></td>${SENSORS.map((sensor) => `<td>${sensor}</td>`).join('')}</tr>
${rows.join('\n')}
</table>
<p>A row an event; a green frame where the sensor can perceive it:</p>
<img src="contact-sheet.png" alt="All events as all sensors have them">
</html>
`;
}

function audioPlayer({ file, label }: EventSound): string {
  const captions = encodeURIComponent(`WEBVTT\n\n00:00.000 --> 00:10.000\n[${label}]\n`);
  return `<audio controls preload="none" src="${file}"><track kind="captions" srclang="en" src="data:text/vtt,${captions}"></audio>`;
}
