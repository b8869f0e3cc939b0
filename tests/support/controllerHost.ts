import { tmpdir } from 'node:os';
import type { Host, Message } from '../../nodes/shared/defineNode';
import { StatusLine } from '../../nodes/shared/statusLine';
import type { Clock } from '../../runtime/clock';

/** A controller's place in a flow without Node-RED: what it sends, says and fails with is kept. */
export interface TestHost<Settings> {
  readonly host: Host<Settings>;
  readonly sent: readonly Message[];
  readonly failures: readonly unknown[];
  readonly said: readonly string[];
}

export function controllerHost<Settings>(settings: Settings, clock: Clock): TestHost<Settings> {
  const sent: Message[] = [];
  const failures: unknown[] = [];
  const said: string[] = [];
  const host: Host<Settings> = {
    ...{ id: 'abcdef0123456789', name: 'under test', settings, credentials: {}, clock, userFolder: tmpdir() },
    status: new StatusLine(() => undefined, clock),
    closing: new AbortController().signal,
    send: (message) => sent.push(message as Message),
    fail: (error) => failures.push(error),
    warn: (text) => said.push(text),
    log: (text) => said.push(text),
    configuration: () => {
      throw new Error('there is no configuration node');
    },
  };
  return { host, sent, failures, said };
}
