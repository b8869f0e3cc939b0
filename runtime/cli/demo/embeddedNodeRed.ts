import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import http, { type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { NodeRedApp } from 'node-red';
import { messageOf } from '../../errors';
import { UsageError } from '../output';

const LOOPBACK = '127.0.0.1';
const USUAL_PORT = 1880;

/** Folder of this package: its package.json lists the nodes. */
const PACKAGE = path.join(__dirname, '..', '..', '..', '..');

/** Who may look and change things. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

export interface EmbeddedNodeRedOptions {
  /** Empty; flows and settings live there. */
  readonly userFolder: string;
  /** Nodes of the first flow. */
  readonly flow: readonly unknown[];
  /** Left out: 1880, or a free one where that is taken. */
  readonly port?: number;
  /** Left out: whoever reaches this machine's loopback may do everything. */
  readonly login?: Login;
  /** Takes what goes wrong. */
  readonly onTrouble: (text: string) => void;
}

export interface EmbeddedNodeRed {
  /** Of the editor, with a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Whether Node-RED is there: the published package leaves it to whoever installs the nodes. */
export function hasNodeRed(): boolean {
  try {
    createRequire(__filename).resolve('node-red');
    return true;
  } catch {
    return false;
  }
}

/**
 * A Node-RED in this process, on loopback, with our nodes and a flow that runs when this resolves.
 *
 * @throws {UsageError} when `port` cannot be had.
 */
export async function startEmbeddedNodeRed(options: EmbeddedNodeRedOptions): Promise<EmbeddedNodeRed> {
  const { userFolder, flow, port, onTrouble } = options;
  const RED = createRequire(__filename)('node-red') as NodeRedApp;
  await mkdir(userFolder, { recursive: true });
  await writeFile(path.join(userFolder, 'flows.json'), JSON.stringify(flow, null, 2));
  const server = http.createServer();
  RED.init(server, settingsOf(options, onTrouble) as never);
  server.on('request', RED.httpAdmin as unknown as RequestListener);
  const bound = await listen(server, port ?? USUAL_PORT).catch((error: unknown) => {
    if (port === undefined) return listen(server, 0);
    throw new UsageError(
      `expected --port with a port that is free, found: ${messageOf(error)}`,
      'Leave it out to take 1880 or any free one.',
    );
  });
  const started = once(RED.events, 'flows:started');
  await RED.start();
  await started;
  return {
    url: `http://${LOOPBACK}:${bound}/`,
    close: async () => {
      await RED.stop();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function settingsOf({ userFolder, login }: EmbeddedNodeRedOptions, onTrouble: (text: string) => void): object {
  return {
    userDir: path.resolve(userFolder),
    nodesDir: [PACKAGE],
    flowFile: 'flows.json',
    credentialSecret: false,
    httpAdminRoot: '/',
    httpNodeRoot: false,
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { tours: false, projects: { enabled: false }, palette: { theme: [] } },
    externalModules: { autoInstall: false, palette: { allowInstall: false } },
    logging: { trouble: { level: 'warn', metrics: false, audit: false, handler: () => troubleLog(onTrouble) } },
    ...(login === undefined ? {} : { adminAuth: adminAuth(login) }),
  };
}

/** Levels of Node-RED's log: 20 is an error, 30 a warning. */
const ERROR_LEVEL = 20;

interface LogEntry {
  readonly level: number;
  readonly msg?: unknown;
  readonly name?: string;
  readonly type?: string;
}

/** Warnings of its start are about settings that are meant so. */
function troubleLog(onTrouble: (text: string) => void): (entry: LogEntry) => void {
  return ({ level, msg, type, name }) => {
    if (level > ERROR_LEVEL) return;
    const text = typeof msg === 'string' ? msg : messageOf(msg);
    onTrouble(type === undefined ? text : `${name ?? type}: ${text}`);
  };
}

/** One user who may do everything; passwords are compared in a time that tells nothing. */
function adminAuth({ user, password }: Login): object {
  const known = { username: user, permissions: '*' };
  return {
    type: 'credentials',
    users: async (name: string) => (name === user ? known : null),
    authenticate: async (name: string, given: string) => (name === user && isSame(given, password) ? known : null),
  };
}

function isSame(given: string, wanted: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(wanted)];
  return left.length === right.length && timingSafeEqual(left, right);
}

async function listen(server: http.Server, port: number): Promise<number> {
  server.listen(port, LOOPBACK);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
