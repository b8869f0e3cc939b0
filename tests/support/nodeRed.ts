import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { repositoryRoot } from './paths';

/** The versions that the palette is for, by the name of their package here. */
export const NODE_RED_VERSIONS = ['node-red', 'node-red-4'] as const;
export type NodeRedVersion = (typeof NODE_RED_VERSIONS)[number];

/** A flow as Node-RED keeps it: nodes with `x` and `y`; without, they are taken for configuration nodes. */
export type Flow = readonly Readonly<Record<string, unknown>>[];

/** A node without wires sends nothing: the last one of a flow is wired to this, on the tab `tab`. */
export const SINK = { id: 'sink', type: 'debug', z: 'tab', x: 900, y: 900, active: false, wires: [] } as const;

/** A real Node-RED in a process of its own. */
export class RunningNodeRed {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #ownFolder: string | undefined;
  readonly #output: string[];
  readonly #sent: SentMessage[] = [];
  readonly #watchers = new Set<() => void>();
  /** Of the flows, after the first one. */
  #starts = 0;

  constructor(parts: {
    readonly url: string;
    readonly child: ChildProcess;
    readonly output: string[];
    /** Removed in the end. */
    readonly ownFolder?: string;
  }) {
    this.url = parts.url;
    this.#child = parts.child;
    this.#ownFolder = parts.ownFolder;
    this.#output = parts.output;
    this.#child.on('message', (told: SentMessage | { readonly started: true }) => {
      if ('started' in told) this.#starts++;
      else this.#sent.push(told);
      for (const watcher of this.#watchers) watcher();
    });
  }

  /** All that a node has sent so far. */
  sentBy(node: string): readonly SentMessage[] {
    return this.#sent.filter(({ from }) => from === node);
  }

  /** Resolves with the first message of a node that `fits`, also where it was sent before. */
  async sent(
    node: string,
    fits: (message: SentMessage['message']) => boolean = () => true,
  ): Promise<SentMessage['message']> {
    let found: SentMessage | undefined;
    await this.#until(() => {
      found = this.sentBy(node).find(({ message }) => fits(message));
      return found !== undefined;
    });
    return found!.message;
  }

  /** All that it printed. */
  get output(): string {
    return this.#output.join('');
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** What the palette is made of: one entry a set. */
  async nodeSets(): Promise<readonly NodeSet[]> {
    return (await this.#get('/nodes')) as readonly NodeSet[];
  }

  async get(address: string): Promise<unknown> {
    return this.#get(address);
  }

  /** Deploys a flow as the editor does; resolves when it runs. */
  async deploy(flow: Flow, type: 'full' | 'nodes' | 'flows' = 'full'): Promise<void> {
    const before = this.#starts;
    const response = await fetch(`${this.url}/flows`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'Node-RED-API-Version': 'v2',
        'Node-RED-Deployment-Type': type,
      },
      body: JSON.stringify({ flows: flow }),
    });
    if (!response.ok) throw new Error(`expected a deploy, found ${response.status}: ${await response.text()}`);
    // Node-RED answers when it has saved the flow.
    await this.#until(() => this.#starts > before);
  }

  /** Ends it as a service manager does, and waits until its process has gone by itself. */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.send('stop');
      await ended;
    }
    if (this.#ownFolder !== undefined) await rm(this.#ownFolder, { recursive: true, force: true });
  }

  /** Presses the button of an inject node. */
  async inject(node: string): Promise<void> {
    await this.post(`/inject/${node}`, {});
  }

  async post(address: string, body: object): Promise<unknown> {
    const response = await fetch(`${this.url}${address}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`expected ${address}, found ${response.status}: ${text}`);
    return text.startsWith('{') ? JSON.parse(text) : text;
  }

  /** Ends it as a loss of power does. Its user folder stays where it was given one. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  #until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isTrue()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  async #get(address: string): Promise<unknown> {
    const response = await fetch(`${this.url}${address}`, { headers: { Accept: 'application/json' } });
    if (!response.ok) throw new Error(`expected ${address}, found ${response.status}: ${await response.text()}`);
    return response.json();
  }
}

/** A message that a node sent, as JSON. */
export interface SentMessage {
  /** Id of the node. */
  readonly from: string;
  readonly message: { readonly topic?: string; readonly payload?: unknown; readonly [property: string]: unknown };
}

/** What Node-RED says of a set of nodes. */
export interface NodeSet {
  readonly id: string;
  readonly module: string;
  readonly types: readonly string[];
  readonly enabled: boolean;
  readonly err?: unknown;
}

/** Starts a Node-RED whose palette is the one of this checkout, unless told otherwise. */
export async function startNodeRed(
  version: NodeRedVersion,
  options: {
    readonly environment?: Readonly<Record<string, string>>;
    /** Left out: a new one, which is removed in the end. */
    readonly userFolder?: string;
    /** Module whose nodes are loaded beside those that are installed in the user folder; empty for none. */
    readonly nodesFolder?: string;
  } = {},
): Promise<RunningNodeRed> {
  const { environment, nodesFolder = repositoryRoot } = options;
  const userFolder = options.userFolder ?? (await mkdtemp(path.join(tmpdir(), 'sensebind-node-red-')));
  const output: string[] = [];
  const child = fork(path.join(__dirname, 'nodeRedProgram.js'), [version, nodesFolder, userFolder], {
    silent: true,
    env: { ...process.env, XDG_STATE_HOME: path.join(userFolder, 'state'), ...environment },
  });
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes) => output.push(String(bytes)));
  const [message] = (await Promise.race([once(child, 'message'), failed(child, output)])) as [{ readonly url: string }];
  return new RunningNodeRed({
    url: message.url,
    child,
    output,
    ...(options.userFolder === undefined ? { ownFolder: userFolder } : {}),
  });
}

async function failed(child: ChildProcess, output: readonly string[]): Promise<never> {
  const [code] = await once(child, 'exit');
  throw new Error(`expected a Node-RED, found exit code ${code}: ${output.join('')}`);
}
