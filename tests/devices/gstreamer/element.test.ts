import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { caps, element, linked } from '../../../devices/gstreamer/element';
import { isSensebindError } from '../../../runtime/errors';
import { isGStreamerMissing } from '../../support/gstreamer';
import { refused } from '../../support/refused';

/** What GStreamer takes for the location of a file that is not there, or undefined when it takes more than that. */
function locationOf(value: string): string | undefined {
  const parts = linked(element('filesrc', { location: value }), element('fakesink'));
  // Only this locale lets it print every letter.
  const { stderr } = spawnSync('gst-launch-1.0', ['-q', ...parts], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  return /No such file "(.*)"/.exec(stderr)?.[1];
}

describe('elements of a pipeline', () => {
  it('are arguments, linked', () => {
    const parts = linked(element('a', { x: 1, y: true }), caps('video/x-raw', { width: 3 }), element('b'));
    assert.deepEqual(parts, ['a', 'x=1', 'y=true', '!', 'video/x-raw,width=3', '!', 'b']);
  });

  it('refuse values that the parser would take apart', () => {
    for (const value of ['', 'a"b', "a'b", 'a\\b', 'a\tb', 'a\nb', 'a\u0000b', 'a\u2028b', 'a\u202eb']) {
      assert.throws(() => element('filesrc', { location: value }), refused('CONFIG_INVALID'), JSON.stringify(value));
    }
  });

  for (const value of [
    '/none/a ! fakesink',
    '/none/  b',
    '/none/x location=/etc/passwd',
    '/none/(bin) [a] {b} ! c',
    '/none/name=é.ü,caps:x;#$&*?',
  ]) {
    it(`reach the real GStreamer as they are: ${value}`, (context) => {
      if (isGStreamerMissing(context)) return;
      assert.equal(locationOf(value), value);
    });
  }

  it('are one argument each, whatever the value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (value) => {
        try {
          assert.deepEqual(element('filesrc', { location: value }), ['filesrc', `location=${value}`]);
          assert.doesNotMatch(value, /["'\\\n\t]/);
        } catch (error) {
          if (!isSensebindError(error, 'CONFIG_INVALID')) throw error;
        }
      }),
    );
  });
});
