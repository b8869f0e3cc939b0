import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { FoundDevice } from '../device';
import type { Ports } from '../ports/ports';

/** ` 1 [Device         ]: USB-Audio - USB PnP Sound Device` of /proc/asound/cards. */
const CARD = /^\s*(\d{1,3})\s+\[(\S{1,32})\s*\]:\s*(.*?)(?:\s+-\s+(.*))?$/;

/** `01-00: USB Audio : USB Audio : capture 1` of /proc/asound/pcm. */
const PCM = /^(\d{1,3})-(\d{1,3}):\s*([^:]*):.*\bcapture\s+\d/;

/** Sound cards that record, by their names: numbers change with the order of plugging in. */
export async function findMicrophones({ roots }: Ports): Promise<readonly FoundDevice[]> {
  const [cards, inputs] = await Promise.all(
    ['cards', 'pcm'].map((name) => lines(path.join(roots.proc, 'asound', name))),
  );
  const known = new Map(
    (cards ?? []).flatMap((line) => {
      const [, number, name, driver, title] = CARD.exec(line) ?? [];
      return number === undefined || name === undefined
        ? []
        : [[Number(number), { name, title: title ?? driver ?? name }] as const];
    }),
  );
  return (inputs ?? []).flatMap((line) => {
    const [, card, device, input = ''] = PCM.exec(line) ?? [];
    const found = known.get(Number(card));
    if (found === undefined) return [];
    return [
      {
        name: `${found.title}, ${input.trim()}`,
        options: { kind: 'arecord', device: `plughw:CARD=${found.name},DEV=${Number(device)}` },
        certainty: 'certain',
      },
    ];
  });
}

async function lines(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n');
}
