import { parentPort, workerData } from 'node:worker_threads';
import { isSensebindError, messageOf } from '../../runtime/errors';
import { openOutput } from './outputFile';
import type { PlainError, RecorderRequest, RecorderResponse, RecorderThreadData } from './recorderProtocol';
import type { WriterStats } from './recordingItem';
import { RecordingWriter } from './recordingWriter';

const NOTHING: WriterStats = { messages: 0, bytes: 0, segments: 0, removedSegments: 0, invalid: 0, tooLarge: 0 };

/** Entry of the thread that writes recordings: encoding, files and fsync never touch the main thread. */
function main(data: RecorderThreadData): void {
  const port = parentPort;
  if (port === null) return;
  const respond = (response: RecorderResponse): void => port.postMessage(response);
  let writer: RecordingWriter | undefined;
  const fail = (error: unknown): void => {
    const stats = writer?.stats ?? NOTHING;
    writer?.abandon();
    writer = undefined;
    respond({ kind: 'failed', error: plain(error), stats });
    port.close();
  };
  try {
    writer = new RecordingWriter(data, openOutput);
    respond({ kind: 'opened' });
  } catch (error) {
    fail(error);
    return;
  }
  port.on('message', (request: RecorderRequest) => {
    try {
      if (writer !== undefined) handle(request, writer);
    } catch (error) {
      fail(error);
    }
  });

  function handle(request: RecorderRequest, open: RecordingWriter): void {
    switch (request.kind) {
      case 'item':
        open.write(request.item, request.logMicros);
        respond({ kind: 'taken' });
        return;
      case 'flush':
        open.flush();
        respond({ kind: 'flushed', stats: open.stats });
        return;
      case 'close':
        open.close();
        respond({ kind: 'closed', stats: open.stats });
        port?.close();
    }
  }
}

/** The message without its code, which the main thread adds again. */
function plain(error: unknown): PlainError {
  if (!isSensebindError(error)) {
    return { code: 'INTERNAL', message: `expected to record, found: ${messageOf(error)}`, cure: 'report this' };
  }
  const { code, message, cure } = error;
  return { code, message: message.replace(` (${code})`, ''), cure };
}

// The border between threads: only the recorder starts this file.
main(workerData as RecorderThreadData);
