import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseTapLine } from '../../../devices/gstreamer/tapLine';

// Printed by GStreamer 1.22.0 for videotestsrc at 161x11 RGB, and cut in the middle.
const EVENT =
  '/GstPipeline:pipeline0/GstIdentity:tap: last-message = event   ******* (tap:sink) E (type: caps (12814), GstEventCaps, caps=(GstCaps)"video/x-raw\\,\\ format\\=\\(string\\)RGB\\,\\ width\\=\\(int\\)161\\,\\ height\\=\\(int\\)11\\,\\ framerate\\=\\(fraction\\)30/1\\,\\ multiview-mode\\=\\(string\\)mono";) 0x5555dcdb4ad0';
const PAD =
  '/GstPipeline:pipeline0/GstIdentity:tap.GstPad:sink: caps = video/x-raw, format=(string)RGB, width=(int)161, height=(int)11, framerate=(fraction)30/1, multiview-mode=(string)mono';
const CHAIN =
  '/GstPipeline:pipeline0/GstIdentity:tap: last-message = chain   ******* (tap:sink) (5324 bytes, dts: none, pts: 0:00:00.014632938, duration: 0:00:00.033333333, offset: 0, offset_end:  1, flags: 00000040 discont , meta: none) 0x5555dcdc25a0';
const LATER =
  '/GstPipeline:pipeline0/GstIdentity:tap: last-message = chain   ******* (tap:sink) (691200 bytes, dts: none, pts: 1:02:03.157982747, duration: 0:00:00.100000000, offset: 1, offset_end:  2, flags: 00000000 , meta: GstVideoMeta) 0x55d9e841f7e0';
const UNTIMED =
  '/GstPipeline:pipeline0/GstIdentity:tap: last-message = chain   ******* (tap:sink) (640 bytes, dts: none, pts: none, duration: none, offset: -1, offset_end:  -1, flags: 00000140 discont corrupted , meta: none) 0x7f00';

describe('lines of the tap', () => {
  it('tell the size of pictures, with and without escapes', () => {
    for (const line of [EVENT, PAD]) assert.deepEqual(parseTapLine(line), { kind: 'format', width: 161, height: 11 });
  });

  it('tell of each buffer', () => {
    const rest = { kind: 'buffer', isCorrupted: false } as const;
    assert.deepEqual(parseTapLine(CHAIN), {
      ...rest,
      bytes: 5324,
      ptsMicros: 14_633,
      offset: 0,
      isDiscontinuous: true,
    });
    const ptsMicros = 3_723_157_983;
    assert.deepEqual(parseTapLine(LATER), { ...rest, bytes: 691_200, ptsMicros, offset: 1, isDiscontinuous: false });
  });

  it('tell of a buffer without time and number, and of one that a decoder found damaged', () => {
    assert.deepEqual(parseTapLine(UNTIMED), {
      kind: 'buffer',
      bytes: 640,
      ptsMicros: undefined,
      offset: undefined,
      isDiscontinuous: true,
      isCorrupted: true,
    });
  });

  it('are not taken from other elements, even where these name the tap', () => {
    const others = [
      CHAIN.replace('GstIdentity:tap', 'GstIdentity:other'),
      CHAIN.replace('GstIdentity:tap', 'GstIdentity:tap2'),
      PAD.replace('GstIdentity:tap.', 'GstQueue:queue0.'),
      `Title: ${CHAIN}`,
      'New clock: GstSystemClock',
      '',
    ];
    for (const line of others) assert.equal(parseTapLine(line), undefined, line);
  });

  it('give nothing, or numbers that make sense, however they are damaged', () => {
    const damaged = fc
      .tuple(fc.constantFrom(EVENT, PAD, CHAIN, LATER, UNTIMED), fc.nat(400), fc.nat(40), fc.string({ maxLength: 20 }))
      .map(([line, at, removed, inserted]) => line.slice(0, at) + inserted + line.slice(at + removed));
    fc.assert(
      fc.property(damaged, (line) => {
        const item = parseTapLine(line);
        if (item === undefined) return;
        const numbers = item.kind === 'format' ? [item.width, item.height] : [item.bytes, item.ptsMicros, item.offset];
        for (const value of numbers)
          assert.ok(value === undefined || (Number.isSafeInteger(value) && value >= 0), line);
      }),
      { numRuns: 2000 },
    );
  });
});
