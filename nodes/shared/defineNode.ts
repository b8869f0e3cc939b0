import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import type { Static, TObject } from '#typebox';
import { type Clock, type Millis, sleep, systemClock } from '../../runtime/clock';
import { SensebindError } from '../../runtime/errors';
import { Entrance } from './entrance';
import { isStopping, watchFlows, whenStarted } from './flows';
import { nodeError } from './nodeError';
import { type Migration, readSettings } from './settings';
import { StatusLine } from './statusLine';

export type Message = NodeMessage;

/** Sends one message to the first output, or one (or none) to each. */
export type Send = (message: Message | (Message | Message[] | null)[]) => void;

/** What a controller may do in Node-RED. */
export interface Host<Settings> {
  /** Id of the node. */
  readonly id: string;
  /** What a person called it, else its type. */
  readonly name: string;
  readonly settings: Settings;
  /** Passwords and the like: never in a flow that is exported. */
  readonly credentials: Readonly<Record<string, string | undefined>>;
  /** Relative paths in the settings start here: the folder of this Node-RED. */
  readonly userFolder: string;
  readonly clock: Clock;
  readonly status: StatusLine;
  /** Aborted when the node is closed. */
  readonly closing: AbortSignal;
  readonly send: Send;
  /** Tells Catch nodes, else the log, of a failure that belongs to no input. */
  fail(error: unknown): void;
  /** Tells whoever has the editor open, and the log. */
  warn(text: string): void;
  /** Tells the log. */
  log(text: string): void;
  /**
   * The controller of a configuration node.
   *
   * @throws {SensebindError} `CONFIG_INVALID` where none of that kind is chosen.
   */
  configuration<Found extends Controller>(
    id: string | undefined,
    kind: abstract new (...parts: never[]) => Found,
  ): Found;
}

/** Why a node is closed. */
export interface Closing {
  /** It was deleted: nothing of it is needed any more. */
  readonly isRemoved: boolean;
  /** It does not come back in this process, as it does after a deploy: it was deleted, or Node-RED stops. */
  readonly isLast: boolean;
}

/** What a node does: everything but its being a node. */
export interface Controller {
  /** Called once, when all nodes of the deploy that it may need are there. What it rejects with makes the node red. */
  start?(): Promise<void>;
  /** Takes a message; it is done when this resolves, and failed when it rejects. */
  input?(message: Message, send: Send): Promise<void>;
  /** Always ends. */
  close(options: Closing): Promise<void>;
}

export interface NodeDeclaration<Settings extends TObject> {
  readonly type: `sensebind-${string}`;
  /** Its own properties, without those of every node. */
  readonly settings: Settings;
  readonly migrations?: readonly Migration[];
  readonly credentials?: Readonly<Record<string, { readonly type: 'text' | 'password' }>>;
  /** @throws {SensebindError} for settings that contradict each other: the node is red then, and does nothing. */
  create(host: Host<Static<Settings>>): Controller;
}

/** Node-RED gives a node 15 s to close. */
const CLOSE_DEADLINE = 12_000 as Millis;

const controllers = new WeakMap<Node, Controller>();

/** Registers a type of node: a thin shell around the controller that the declaration makes. */
export function registerNode<Settings extends TObject>(RED: NodeAPI, declaration: NodeDeclaration<Settings>): void {
  function SensebindNode(this: Node<Record<string, string>>, definition: NodeDef): void {
    RED.nodes.createNode(this, definition);
    run(this, { RED, definition, declaration });
  }
  watchFlows(RED);
  const { type, credentials } = declaration;
  RED.nodes.registerType<Node<Record<string, string>>, NodeDef, Record<string, never>, Record<string, string>>(
    type,
    SensebindNode,
    credentials === undefined ? {} : { credentials },
  );
}

interface Parts<Settings extends TObject> {
  readonly RED: NodeAPI;
  readonly definition: NodeDef;
  readonly declaration: NodeDeclaration<Settings>;
}

/** A node that cannot work says so in red and refuses what it gets: one that threw here would not be there at all. */
function run<Settings extends TObject>(node: Node<Record<string, string>>, parts: Parts<Settings>): void {
  const status = new StatusLine((shown) => node.status(shown), systemClock);
  const closing = new AbortController();
  const opened = open(node, { ...parts, status, closing: closing.signal });
  const started = opened.then(async (controller) => controller.start?.());
  started.catch((error: unknown) => {
    whenStarted(parts.RED, () => {
      if (closing.signal.aborted) return;
      const shown = nodeError(error);
      status.set({ fill: 'red', shape: 'ring', text: shown.code });
      node.error(shown, {});
    });
  });
  const entrance = new Entrance(started, { clock: systemClock, warn: (text) => node.warn(text) });
  node.on('input', (message, send, done) => {
    const work = entrance.admit(async () => {
      const controller = await opened;
      await controller.input?.(message, send as Send);
    });
    // Not told of what is not let in: it is neither done nor, each by itself, a failure.
    work?.then(
      () => done(),
      (error: unknown) => done(nodeError(error)),
    );
  });
  node.on('close', (isRemoved: boolean, done: () => void) => {
    closing.abort();
    status.close();
    const why = { isRemoved, isLast: isRemoved || isStopping(parts.RED) };
    void closed(opened, { why, onFailed: (error) => node.error(nodeError(error)) }).then(done);
  });
}

async function open<Settings extends TObject>(
  node: Node<Record<string, string>>,
  {
    RED,
    definition,
    declaration,
    status,
    closing,
  }: Parts<Settings> & { readonly status: StatusLine; readonly closing: AbortSignal },
): Promise<Controller> {
  const { type, settings: schema, migrations = [] } = declaration;
  const settings = readSettings({ ...definition }, { type, schema, migrations });
  const controller = declaration.create({
    id: node.id,
    name: node.name ?? type,
    settings,
    credentials: node.credentials ?? {},
    userFolder: userFolderOf(RED),
    clock: systemClock,
    status,
    closing,
    send: (message) => node.send(message as Message),
    // Without a message, Catch nodes are not told.
    fail: (error) => node.error(nodeError(error), {}),
    warn: (text) => node.warn(text),
    log: (text) => node.log(text),
    configuration: (id, kind) => {
      if (id !== undefined) attachUser(RED.nodes.getNode(id), { user: node, closing });
      return configurationOf(RED, { id, kind });
    },
  });
  controllers.set(node, controller);
  return controller;
}

/**
 * Node-RED hands what a configuration node says on to the nodes in its `users`, which palettes keep themselves, as its own
 * MQTT nodes do.
 */
function attachUser(
  configuration: (Node & { users?: Record<string, Node> }) | null,
  { user, closing }: { readonly user: Node; readonly closing: AbortSignal },
): void {
  if (configuration === null || closing.aborted) return;
  configuration.users ??= {};
  const { users } = configuration;
  users[user.id] = user;
  closing.addEventListener(
    'abort',
    () => {
      // The next one with this id may be there already.
      if (users[user.id] === user) delete users[user.id];
    },
    { once: true },
  );
}

/** The controller of a node of ours; nothing for others, and for one that could not be made. */
export function controllerOf(node: Node | null): Controller | undefined {
  return node === null ? undefined : controllers.get(node);
}

/** Node-RED always knows it; without, relative paths start where the program was started. */
function userFolderOf({ settings }: NodeAPI): string {
  const folder: unknown = 'userDir' in settings ? settings.userDir : undefined;
  return typeof folder === 'string' ? folder : process.cwd();
}

/**
 * The controller of a configuration node that is deployed.
 *
 * @throws {SensebindError} `CONFIG_INVALID` where none of that kind is chosen.
 */
export function configurationOf<Found extends Controller>(
  RED: NodeAPI,
  { id, kind }: { readonly id: string | undefined; readonly kind: abstract new (...parts: never[]) => Found },
): Found {
  // The typings say that there always is one.
  const node: Node | null = id === undefined ? null : RED.nodes.getNode(id);
  const controller = controllerOf(node);
  if (controller instanceof kind) return controller;
  throw new SensebindError(
    'CONFIG_INVALID',
    `expected a configuration node that works, found ${id === undefined ? 'none' : `"${id}"`}`,
    'choose one in the node, correct it where it is red, and deploy',
  );
}

/** Never rejects, and ends before Node-RED loses patience. */
async function closed(
  opened: Promise<Controller>,
  { why, onFailed }: { readonly why: Closing; readonly onFailed: (error: unknown) => void },
): Promise<void> {
  // A node that never opened said why when it began.
  const controller = await opened.catch(() => undefined);
  const deadline = new AbortController();
  try {
    await Promise.race([controller?.close(why), sleep(systemClock, CLOSE_DEADLINE, deadline.signal)]);
  } catch (error) {
    onFailed(error);
  } finally {
    deadline.abort();
  }
}
