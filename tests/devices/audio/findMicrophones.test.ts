import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { arecord } from '../../../devices/audio/arecord';
import { deviceContext } from '../../support/deviceContext';
import { temporaryFolder } from '../../support/temporaryFolder';

async function found(context: TestContext, files: { readonly cards?: string; readonly pcm?: string }) {
  const folder = await temporaryFolder(context);
  await mkdir(path.join(folder, 'asound'));
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, 'asound', name), text);
  const { ports } = deviceContext();
  return arecord.discover?.({ ...ports, roots: { ...ports.roots, proc: folder } });
}

// The form of sound/core/init.c (snd_card_info_read) and sound/core/pcm.c (snd_pcm_proc_read) of Linux.
const CARDS = ` 0 [PCH            ]: HDA-Intel - HDA Intel PCH
                      HDA Intel PCH at 0xf7f10000 irq 30
 1 [Device         ]: USB-Audio - USB PnP Sound Device
                      C-Media Electronics Inc. USB PnP Sound Device at usb-0000:00:14.0-2, full speed
 2 [ArrayUAC10     ]: USB-Audio - ReSpeaker 4 Mic Array (UAC1.0)
                      SEEED ReSpeaker 4 Mic Array (UAC1.0) at usb-0000:00:14.0-4, high speed
`;
const PCM = `00-00: ALC257 Analog : ALC257 Analog : playback 1 : capture 1
00-03: HDMI 0 : HDMI 0 : playback 1
01-00: USB Audio : USB Audio : capture 1
02-00: USB Audio : USB Audio : playback 1 : capture 1
`;

describe('microphones that are plugged in', () => {
  it('are the inputs of sound cards, by the names of these', async (context) => {
    const devices = await found(context, { cards: CARDS, pcm: PCM });
    assert.deepEqual(
      devices?.map(({ name, options, certainty }) => [name, options['device'], certainty]),
      [
        ['HDA Intel PCH, ALC257 Analog', 'plughw:CARD=PCH,DEV=0', 'certain'],
        ['USB PnP Sound Device, USB Audio', 'plughw:CARD=Device,DEV=0', 'certain'],
        ['ReSpeaker 4 Mic Array (UAC1.0), USB Audio', 'plughw:CARD=ArrayUAC10,DEV=0', 'certain'],
      ],
    );
    for (const { options } of devices ?? []) assert.doesNotThrow(() => arecord.open(options, deviceContext()));
  });

  it('are none without cards, or without the files', async (context) => {
    assert.deepEqual(await found(context, { cards: '--- no soundcards ---\n', pcm: '' }), []);
    assert.deepEqual(await found(context, {}), []);
  });
});
