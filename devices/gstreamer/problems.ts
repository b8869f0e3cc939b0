import { type ErrorCode, SensebindError } from '../../runtime/errors';
import type { ProcessEnd } from '../ports/process';
import { packageOf } from './packages';

/** What a pipeline reads. */
export interface Subject {
  /** As messages call it: a path or an address, without credentials. */
  readonly name: string;
  readonly kind: 'v4l2' | 'csi' | 'rtsp' | 'file' | 'test';
}

const LAUNCH_CURE =
  'apt-get install gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good, and see: sensebind doctor';

/** Characters of GStreamer's own words in a message. */
const MOST_SAID = 400;

/** Why a pipeline ended that should have gone on. Says nothing that `secrets` hold. */
export function pipelineError(
  subject: Subject,
  { end, messages, secrets }: { end: ProcessEnd; messages: readonly string[]; secrets: readonly string[] },
): SensebindError {
  if (end.kind === 'absent') {
    return new SensebindError(
      'DEVICE_ABSENT',
      'expected the program gst-launch-1.0, found none on the PATH',
      LAUNCH_CURE,
    );
  }
  const said = redact(essence(messages) || describe(end), secrets).slice(0, MOST_SAID);
  const missing = missingElement(messages);
  if (missing !== undefined) return missing;
  const problem = PROBLEMS.find(({ kind, pattern }) => (kind ?? subject.kind) === subject.kind && pattern.test(said));
  return new SensebindError(
    problem?.code ?? 'DEVICE_FAILED',
    `expected to read ${subject.name}, found: ${said}`,
    (problem?.cure ?? 'look at what GStreamer says with more detail: set GST_DEBUG=3').replaceAll(
      'DEVICE',
      subject.name,
    ),
  );
}

interface KnownProblem {
  /** Only for that kind of subject. */
  readonly kind?: Subject['kind'];
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  /** `DEVICE` stands for the name of the subject. */
  readonly cure: string;
}

/** What GStreamer says in the English of LC_ALL=C, and what helps. The first that fits counts. */
const PROBLEMS: readonly KnownProblem[] = [
  {
    kind: 'v4l2',
    pattern: /permission denied/i,
    code: 'DEVICE_ABSENT',
    cure: 'add the user to the group video: usermod -aG video USER, then log in again',
  },
  {
    kind: 'v4l2',
    pattern: /resource busy|device '[^']*' is busy/i,
    code: 'DEVICE_FAILED',
    cure: 'another program holds the camera: fuser -v DEVICE',
  },
  {
    kind: 'v4l2',
    pattern: /no such (file|device)|cannot identify device|could not open device/i,
    code: 'DEVICE_ABSENT',
    cure: 'plug the camera in; those that are there: ls -l /dev/v4l/by-id',
  },
  {
    kind: 'v4l2',
    pattern: /isn't a (device|v4l2 driver)|not a capture device|is not a output/i,
    code: 'DEVICE_ABSENT',
    cure: 'name the video node that captures: v4l2-ctl --list-devices',
  },
  {
    kind: 'v4l2',
    pattern: /not-negotiated|cannot capture|could not link|failed to allocate|no supported format/i,
    code: 'DEVICE_FAILED',
    cure: 'ask for a size, rate and encoding that the camera has: v4l2-ctl --list-formats-ext -d DEVICE',
  },
  {
    kind: 'csi',
    pattern: /no cameras? available|no such file|invalid (camera|sensor)|sensor.?id/i,
    code: 'DEVICE_ABSENT',
    cure: 'check the cable and the device tree of the camera: v4l2-ctl --list-devices',
  },
  {
    kind: 'csi',
    pattern: /capturesession|argus|timeout/i,
    code: 'DEVICE_FAILED',
    cure: 'another program may hold the camera; else: systemctl restart nvargus-daemon',
  },
  {
    kind: 'rtsp',
    pattern: /unauthorized|not authorized|\b401\b|forbidden|\b403\b/i,
    code: 'DEVICE_FAILED',
    cure: 'give the user and the password of the camera: username and passwordFile',
  },
  {
    kind: 'rtsp',
    pattern: /not found|\b404\b/i,
    code: 'DEVICE_FAILED',
    cure: "look for the path of the stream in the camera's manual",
  },
  {
    kind: 'rtsp',
    pattern: /no suitable plugins|missing|not-negotiated|not-linked/i,
    code: 'DEVICE_FAILED',
    cure: 'install the decoder: apt-get install gstreamer1.0-libav; the stream may also have nothing of that kind',
  },
  {
    kind: 'rtsp',
    pattern: /failed to connect|could not (open|connect|read)|resolve|time.?out|refused|unreachable|shutdown/i,
    code: 'DEVICE_ABSENT',
    cure: 'check the address, the power and the network of the camera',
  },
  {
    kind: 'file',
    pattern: /no such file|is a directory|permission denied|could not open file|resource not found/i,
    code: 'FILE_UNREADABLE',
    cure: 'check the path and its permissions',
  },
  {
    kind: 'file',
    pattern: /no suitable plugins|missing/i,
    code: 'INPUT_UNSUPPORTED',
    cure: 'install the decoder: apt-get install gstreamer1.0-libav, or convert the file',
  },
  {
    kind: 'file',
    pattern:
      /determine type|text file|not-linked|could not demultiplex|no valid|not-negotiated|decode|wrong type|corrupt/i,
    code: 'INPUT_UNSUPPORTED',
    cure: 'name a file that holds what this source reads, whole and in a usual format',
  },
];

/** An element that GStreamer does not know, or a plug-in that it says is missing. */
function missingElement(messages: readonly string[]): SensebindError | undefined {
  const name = messages.map((line) => /no element "([A-Za-z0-9_-]{1,64})"/.exec(line)?.[1]).find(Boolean);
  if (name === undefined) return undefined;
  return new SensebindError(
    'DEVICE_ABSENT',
    `expected the GStreamer element ${name}, found none`,
    `apt-get install ${packageOf(name)}; if it is there: rm -r ~/.cache/gstreamer-1.0`,
  );
}

const NOISE =
  /^(additional debug info|\.\.\/|error: pipeline doesn't want|failed to set pipeline|setting pipeline|freeing pipeline|\/GstPipeline)|state change failed and some element|^[\w./]+\.cp?p?\(\d+\):/i;

/** The lines that say something to a person, once each, without where in GStreamer they come from. */
function essence(messages: readonly string[]): string {
  const told = messages
    .filter((line) => !NOISE.test(line))
    .map((line) => line.replace(/^(?:ERROR|WARNING): (?:from element \S+: |erroneous pipeline: )?/, ''));
  return [...new Set(told)].join('; ');
}

/** Takes out secrets, and whatever stands as user and password in an address. */
export function redact(text: string, secrets: readonly string[]): string {
  const known = secrets
    .filter((secret) => secret !== '')
    .reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  return known.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, '$1***@');
}

function describe(end: ProcessEnd): string {
  switch (end.kind) {
    case 'absent':
      return 'no program';
    case 'notStarted':
      return end.reason;
    case 'exited':
      if (end.signal !== null) return `gst-launch-1.0 ended by ${end.signal}`;
      return end.code === 0 ? 'the end of the stream' : `gst-launch-1.0 ended with exit code ${end.code}`;
  }
}
