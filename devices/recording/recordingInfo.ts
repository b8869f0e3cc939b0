import type { Micros } from '../../runtime/clock';
import type { RecordedChannel } from './channels';
import { type Cut, filesOf, readRaw } from './readRecording';

/** What one source recorded of one kind. */
export interface ChannelInfo {
  readonly source: string;
  readonly kind: RecordedChannel['kind'];
  /** Modality of readings, name of documents. */
  readonly name: string;
  readonly count: number;
  readonly bytes: number;
  /** When the first and the last were recorded: microseconds since the epoch. */
  readonly firstMicros: Micros;
  readonly lastMicros: Micros;
}

export interface RecordingInfo {
  readonly files: number;
  readonly sessions: number;
  readonly channels: readonly ChannelInfo[];
  /** Files that end before their end. */
  readonly cuts: readonly Cut[];
  /** In chunks whose bytes are not those that were written. */
  readonly corruptBytes: number;
}

/** What a recording holds, found by reading all of it. Throws as {@link readRaw} does. */
export async function recordingInfo(path: string): Promise<RecordingInfo> {
  const files = await filesOf(path);
  const channels = new Map<string, ChannelInfo>();
  const sessions = new Set<string>();
  const cuts: Cut[] = [];
  let corruptBytes = 0;
  for await (const item of readRaw(files)) {
    if (item.kind === 'session') sessions.add(item.session);
    if (item.kind === 'cut') cuts.push(item);
    if (item.kind === 'corrupt') corruptBytes += item.byteLength;
    if (item.kind !== 'message' || item.channel.kind === 'foreign') continue;
    const { source, kind } = item.channel;
    const name = nameOf(item.channel);
    const key = `${source} ${kind} ${name}`;
    const { logMicros } = item;
    const before = channels.get(key) ?? { count: 0, bytes: 0, firstMicros: logMicros };
    channels.set(key, {
      source,
      kind,
      name,
      count: before.count + 1,
      bytes: before.bytes + item.data.byteLength,
      firstMicros: before.firstMicros,
      lastMicros: logMicros,
    });
  }
  return { files: files.length, sessions: sessions.size, channels: [...channels.values()], cuts, corruptBytes };
}

function nameOf(channel: RecordedChannel): string {
  if (channel.kind === 'reading') return channel.modality;
  return channel.kind === 'document' ? channel.name : '';
}
