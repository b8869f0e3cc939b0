/**
 * A whole Node-RED in a process of its own, with this package's palette: one a scenario, since Node-RED cannot be started
 * twice in a process (reference/nodered.md §9). Talks to its parent over the channel of node:child_process.
 *
 *     node nodeRedProgram.js PACKAGE NODES_FOLDER USER_FOLDER
 *
 * Its parent is sent each message that a node sends, as JSON, and a word whenever a deploy has started; whatever it sends itself ends the program.
 *
 * Environment: TEST_TOKENS, JSON with the permission of each token of the admin API, switches users on. TEST_TOLD, ids of
 * nodes with commas between: of what others send nothing is told. TEST_GLOBALS, a module whose exports the global context
 * has.
 *
 * PACKAGE: `node-red` or `node-red-4`; NODES_FOLDER: a module whose nodes are loaded, beside those in USER_FOLDER.
 */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NodeRedApp } from 'node-red';

async function main(): Promise<void> {
  const [, , packageName = 'node-red', nodesFolder = '', userFolder = ''] = process.argv;
  const globals = process.env['TEST_GLOBALS'];
  const told = process.env['TEST_TOLD']?.split(',');
  const RED = require(packageName) as NodeRedApp;
  const server = http.createServer((request, response) => application(request, response));
  const settings = {
    userDir: userFolder,
    ...(nodesFolder === '' ? {} : { nodesDir: [nodesFolder] }),
    flowFile: 'flows.json',
    credentialSecret: 'of a test',
    httpAdminRoot: '/',
    httpNodeRoot: '/http',
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { tours: false, projects: { enabled: false } },
    externalModules: { autoInstall: false, palette: { allowInstall: false } },
    functionGlobalContext: globals === undefined ? {} : { ...require(globals) },
    ...(process.env['TEST_TOKENS'] === undefined ? {} : { adminAuth: usersOf(process.env['TEST_TOKENS']) }),
    logging: { console: { level: 'info', metrics: false, audit: false } },
  };
  RED.init(server, settings as never);
  RED.hooks.add('onSend', (events: unknown) => {
    for (const { source, msg } of events as readonly SendEvent[]) {
      if (told === undefined || told.includes(source.id)) tell({ from: source.id, message: msg });
    }
  });
  const application = RED.httpAdmin as unknown as http.RequestListener;
  const started = once(RED.events, 'flows:started');
  await RED.start();
  server.listen(0, '127.0.0.1');
  await Promise.all([started, once(server, 'listening')]);
  RED.events.on('flows:started', () => {
    if (process.connected) process.send?.({ started: true });
  });
  process.once('message', () => {
    void RED.stop().then(() => {
      server.close();
      server.closeAllConnections();
      process.disconnect();
    });
  });
  const { port } = server.address() as AddressInfo;
  process.send?.({ url: `http://127.0.0.1:${port}` });
}

/** Whoever has no token may do everything; whoever has one, only what it is for. */
function usersOf(text: string): object {
  const permissions = JSON.parse(text) as Readonly<Record<string, string>>;
  return {
    type: 'credentials',
    users: [],
    default: { permissions: '*' },
    tokens: async (token: string) => {
      const allowed = permissions[token];
      return allowed === undefined ? null : { username: token, permissions: [allowed] };
    },
  };
}

/** What Node-RED's hook `onSend` tells of. */
interface SendEvent {
  readonly source: { readonly id: string };
  readonly msg: unknown;
}

/** As JSON, as everything sees it that leaves the process; what is no JSON, as a word. */
function tell({ from, message }: { readonly from: string; readonly message: unknown }): void {
  if (process.connected) process.send?.({ from, message: JSON.parse(JSON.stringify(message)) });
}

void main();
