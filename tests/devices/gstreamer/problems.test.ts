import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pipelineError, redact, type Subject } from '../../../devices/gstreamer/problems';
import type { ErrorCode } from '../../../runtime/errors';

const EXITED = { kind: 'exited', code: 1, signal: null } as const;

const NAMES: Readonly<Record<Subject['kind'], string>> = {
  v4l2: '/dev/video0',
  csi: 'the CSI camera 0',
  rtsp: 'rtsp://camera/live',
  file: '/films/a.mp4',
  test: 'the test picture',
};

/** One message of an element, in the form of gst-launch-1.0. */
function message(element: string, text: string, detail: string): readonly string[] {
  return [
    `ERROR: from element /GstPipeline:pipeline0/${element}: ${text}`,
    'Additional debug info:',
    `../sys/file.c(608): function (): /GstPipeline:pipeline0/${element}:`,
    detail,
    "ERROR: pipeline doesn't want to preroll.",
    'Failed to set pipeline to PAUSED.',
  ];
}

/** Texts of GStreamer 1.22's own sources (v4l2_calls.c, gstv4l2object.c, gstrtspsrc.c, gstdecodebin2.c) and of NVIDIA's camera source. */
const SAID: readonly (readonly [Subject['kind'], readonly string[], ErrorCode, RegExp])[] = [
  [
    'v4l2',
    message(
      'GstV4l2Src:v4l2src0',
      "Could not open device '/dev/video0' for reading and writing.",
      'system error: Permission denied',
    ),
    'DEVICE_ABSENT',
    /usermod -aG video/,
  ],
  [
    'v4l2',
    message('GstV4l2Src:v4l2src0', "Device '/dev/video0' is busy", 'system error: Device or resource busy'),
    'DEVICE_FAILED',
    /fuser -v \/dev\/video0/,
  ],
  [
    'v4l2',
    message('GstV4l2Src:v4l2src0', 'Could not read from resource.', 'poll error 1: No such device (19)'),
    'DEVICE_ABSENT',
    /plug the camera in/,
  ],
  [
    'v4l2',
    message('GstV4l2Src:v4l2src0', "Device '/dev/video0' is not a capture device.", 'Capabilities: 0x4200001'),
    'DEVICE_ABSENT',
    /--list-devices/,
  ],
  [
    'v4l2',
    message('GstV4l2Src:v4l2src0', 'Internal data stream error.', 'streaming stopped, reason not-negotiated (-4)'),
    'DEVICE_FAILED',
    /--list-formats-ext -d \/dev\/video0/,
  ],
  [
    'csi',
    message('GstNvArgusCameraSrc:nvarguscamerasrc0', 'CANCELLED', 'Argus Error Status'),
    'DEVICE_FAILED',
    /restart nvargus-daemon/,
  ],
  ['csi', ['Error generated. gstnvarguscamerasrc.cpp, execute:751 No cameras available'], 'DEVICE_ABSENT', /cable/],
  [
    'rtsp',
    message(
      'GstRTSPSrc:rtspsrc0',
      'Could not open resource for reading and writing.',
      'Failed to connect. (Generic error)',
    ),
    'DEVICE_ABSENT',
    /network/,
  ],
  [
    'rtsp',
    message('GstRTSPSrc:rtspsrc0', 'Not authorized to access resource.', 'Unauthorized (401)'),
    'DEVICE_FAILED',
    /passwordFile/,
  ],
  ['rtsp', message('GstRTSPSrc:rtspsrc0', 'Not found', 'Not Found (404)'), 'DEVICE_FAILED', /path of the stream/],
  [
    'rtsp',
    message(
      'GstDecodeBin:decodebin0',
      'Your GStreamer installation is missing a plug-in.',
      'no suitable plugins found:',
    ),
    'DEVICE_FAILED',
    /gstreamer1.0-libav/,
  ],
  [
    'file',
    message(
      'GstDecodeBin:decodebin0',
      'Your GStreamer installation is missing a plug-in.',
      'no suitable plugins found:',
    ),
    'INPUT_UNSUPPORTED',
    /gstreamer1.0-libav/,
  ],
  [
    'file',
    message('GstTypeFindElement:typefind', 'Could not determine type of stream.', ''),
    'INPUT_UNSUPPORTED',
    /usual format/,
  ],
  [
    'file',
    ['WARNING: erroneous pipeline: no element "capssetter"'],
    'DEVICE_ABSENT',
    /apt-get install gstreamer1.0-plugins-good/,
  ],
  [
    'test',
    ['WARNING: erroneous pipeline: no element "videotestsrc"'],
    'DEVICE_ABSENT',
    /apt-get install gstreamer1.0-plugins-base/,
  ],
  ['test', ['something new'], 'DEVICE_FAILED', /GST_DEBUG/],
];

describe('what GStreamer says', () => {
  for (const [kind, messages, code, cure] of SAID) {
    it(`about ${kind}: ${messages.slice(0, 4).join(' ').slice(0, 110)}`, () => {
      const error = pipelineError({ kind, name: NAMES[kind] }, { end: EXITED, messages, secrets: [] });
      assert.equal(error.code, code, error.message);
      assert.match(error.cure, cure);
      assert.doesNotMatch(error.message, /GstPipeline|\.\.\/|preroll/);
    });
  }

  it('is replaced by how it ended, where it says nothing', () => {
    const subject = { kind: 'rtsp', name: NAMES.rtsp } as const;
    const ends = [
      [{ kind: 'exited', code: null, signal: 'SIGKILL' }, /ended by SIGKILL/],
      [{ kind: 'exited', code: 0, signal: null }, /the end of the stream/],
      [{ kind: 'exited', code: 134, signal: null }, /exit code 134/],
      [{ kind: 'notStarted', reason: 'spawn EAGAIN' }, /EAGAIN/],
    ] as const;
    for (const [end, found] of ends)
      assert.match(pipelineError(subject, { end, messages: [], secrets: [] }).message, found);
  });

  it('is told without passwords, in whatever form they come', () => {
    const secrets = ['p@ss w', 'p%40ss%20w', ''];
    for (const text of [
      'could not open rtsp://viewer:p%40ss%20w@camera/live',
      'could not open rtsp://viewer:other@camera/live',
      'rtsp://viewer@camera',
      'user viewer, password "p@ss w"',
    ]) {
      assert.doesNotMatch(redact(text, secrets), /p@ss w|p%40ss|other|viewer:|viewer@/, text);
    }
    const messages = message('GstRTSPSrc:rtspsrc0', 'Could not open rtsp://viewer:p%40ss%20w@camera/live', 'p@ss w');
    const subject = { kind: 'rtsp', name: NAMES.rtsp } as const;
    assert.doesNotMatch(pipelineError(subject, { end: EXITED, messages, secrets }).message, /p@ss|p%40/);
  });
});
