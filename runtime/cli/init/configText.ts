import { stringify } from 'yaml';

/** A source of the configuration that is to be written. */
export interface PlannedSource {
  readonly id: string;
  readonly modality: string;
  /** What it is, for a person. */
  readonly title: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Only its port was found: written as a comment, for the reader to choose. */
  readonly isGuess: boolean;
}

export interface Plan {
  readonly node: string;
  readonly bundle: string;
  readonly brokerUrl: string;
  readonly sources: readonly PlannedSource[];
  /** Ids of the labels to begin with; the first ones become rules. */
  readonly labels: readonly string[];
}

/**
 * A configuration with words for people who know neither this program nor machine learning. Every part that may be left
 * out is there as a comment, with the value that it has when it is left out.
 */
export function configText(plan: Plan): string {
  return [head(plan), broker(plan), sources(plan), labels(plan), fusion(plan), rules(plan), REST].join('\n');
}

function head({ node, bundle }: Plan): string {
  const isMini = bundle === 'mini';
  return `# Written by sensebind init. Check it: sensebind run THIS_FILE --check. Run it: sensebind run THIS_FILE
# A node that runs takes changes of this file when it gets SIGHUP (systemctl reload sensebind).

# Version of this format.
version: 1

# Name of this box in every message: sensebind/v1/${node}/… Each box that uses the same broker needs another one.
node: ${quoted(node)}

# The model: what turns sound, pictures, heat and motion into numbers that words can be compared with.
# ${isMini ? 'mini lies in the package, and knows nothing but the simulated world. For real things, set the published model up' : 'The published model'}:
#   sensebind models setup imagebind   and write here: bundle: imagebind
bundle: ${quoted(bundle)}
`;
}

function broker({ brokerUrl }: Plan): string {
  return `# Where messages go: an MQTT broker, such as mosquitto on this box. While it is away, events wait on the disk.
# With a user name, put the password into a file of its own, never into this one:
#   broker: { url: mqtts://broker.example:8883, username: box, passwordFile: ./broker-password }
broker:
  url: ${quoted(brokerUrl)}
`;
}

function sources({ sources: planned }: Plan): string {
  const lines = planned.map(({ id, title, options, isGuess }) => {
    const device = stringify(options, { collectionStyle: 'flow', lineWidth: 0 }).trim();
    const text = `${id}: { device: ${device}, labels: [things] }`;
    return isGuess
      ? `  # Perhaps, take away the # if so: ${oneLine(title)}\n  # ${text}`
      : `  # ${oneLine(title)}\n  ${text}`;
  });
  return `# The sensors. Each has a name of your choice, and is looked at once a second (hop), over the last moments (window):
#   hop: 500ms      looks twice a second, and computes twice as much
#   window: 2s      how much sound or motion one look takes in; left out, what the model was made for
#   enabled: false  keeps a sensor off
# What else a kind of device can be told: docs/devices.md. What is plugged in: sensebind devices list
sources:
${lines.join('\n')}
`;
}

function labels({ labels: ids }: Plan): string {
  return `# What to look out for, in words. Each sensor with "labels: [things]" says how much of each it senses.
# A label may have several ways to say it: { id: visitor, prompts: [a door bell rings, somebody knocks at a door] }
# background: what there is when nothing is the matter. Without it, something of the list always seems to be the case.
labels:
  things:
    labels:
${ids.map((id) => `      - { id: ${id} }`).join('\n')}
    background: [silence, an empty room]
`;
}

function fusion({ sources: planned }: Plan): string {
  const sure = planned.filter(({ isGuess }) => !isGuess);
  const weights = sure.map(({ id }) => `${id}: 1`).join(', ');
  const text = `fusion:\n  room: { sources: { ${weights} }, labels: [things] }\n`;
  return `# Sensors that look at the same place, taken together: a thing that is seen, heard and felt counts more. The numbers are
# weights. A sensor that is away is left out and said to be missing.
${sure.length > 1 ? text : commented('fusion:\n  room: { sources: { mic0: 1, camera0: 1 }, labels: [things] }\n')}`;
}

/** What is measured, with a limit that makes sense to begin with. */
const MEASURED: Readonly<Record<string, (source: string) => string>> = {
  thermal: (source) =>
    `  # Hotter than 60 °C somewhere in the picture, until it is below 50 °C.\n  hot_${source}: { when: { measure: maximum_celsius, of: ${source}, above: 60, until: 50 }, severity: warning }`,
  audio: (source) =>
    `  # Loud: 0 dB is the loudest that the microphone can tell.\n  loud_${source}: { when: { measure: level_decibels, of: ${source}, above: -10 }, coolDown: 10s }`,
  imu: (source) =>
    `  # A knock: 1 g is rest.\n  knock_${source}: { when: { measure: acceleration_g, of: ${source}, above: 2 }, coolDown: 10s }`,
  depth: (source) =>
    `  # Something is nearer than half a metre.\n  near_${source}: { when: { measure: nearest_metres, of: ${source}, below: 0.5 }, minimumOn: 1s }`,
};

function rules({ sources: planned, labels: ids }: Plan): string {
  const sure = planned.filter(({ isGuess }) => !isGuess);
  const of = sure.length > 1 ? 'room' : sure[0]?.id;
  const [first = 'thing'] = ids;
  const byLabel = `  ${first}: { when: { label: ${first}, of: ${of ?? 'mic0'}, on: 0.6, off: 0.4 }, minimumOn: 1s, coolDown: 30s, severity: alarm }`;
  const measured = sure.flatMap(({ id, modality }) => MEASURED[modality]?.(id) ?? []);
  const text = `rules:\n${[byLabel, ...measured].join('\n')}\n`;
  return `# When something is an event: a message that is sent once, kept until the broker has it, and says when it began and ended.
#   on, off     how sure the words must be (0 to 1) for it to begin, and to end
#   minimumOn   it must hold this long, so that a blink is no alarm
#   coolDown    after it has ended, no new one this long
#   severity    info, warning or alarm: what is kept longest when the disk is full
${of === undefined ? commented(text) : text}`;
}

const REST = `# All that follows may be left out; it says what holds then.

# How much is published.
# publish:
#   embeddings: { enabled: true, elementType: f16le }   the numbers themselves, for other programs
#   scores: { topK: 5, maxRateHz: 2 }                   the best 5 labels, at most twice a second

# Where events wait for the broker, and how long at most.
# spool: { maxMegabytes: 268, life: 168h }

# Figures for Prometheus at http://127.0.0.1:9464/metrics. They are offered only when this is there.
# For other machines, with a password:
#   metrics: { host: 0.0.0.0, username: prometheus, passwordFile: ./metrics-password }
# metrics: { port: 9464 }

# What computes. On a Jetson: { runtime: /opt/onnxruntime-node, providers: [tensorrt, cuda, cpu] }
# inference: { providers: [cpu] }
# Copies of large encoders on this device: less memory and faster starts, for twice the disk.
#   inference: { deviceCache: { maxGigabytes: 12 } }
`;

function commented(text: string): string {
  return text.replace(/^(?=.)/gm, '# ');
}

/** Safe in a comment: names of devices come from their makers. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** As YAML, in quotes where it needs them. */
function quoted(text: string): string {
  return stringify(text, { lineWidth: 0 }).trim();
}
