import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { satisfies } from 'semver';
import { examplesIn, proveExamples } from '../support/exampleFlows';
import { withoutMosquitto } from '../support/mosquitto';
import { NODE_RED_VERSIONS, type RunningNodeRed, startNodeRed } from '../support/nodeRed';
import { repositoryRoot } from '../support/paths';

const run = promisify(execFile);

/** What the scorecard of the Flow Library looks at (reference/nodered.md §8). */
interface PackageDescription {
  readonly name: string;
  readonly license: string;
  readonly keywords: readonly string[];
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly 'node-red': {
    readonly version: string;
    readonly nodes: Readonly<Record<string, string>>;
    readonly plugins: Readonly<Record<string, string>>;
  };
}

/** The oldest Node.js that loads ES modules from CommonJS: the newest Node-RED runs from 22.9 on (docs/node-red.md). */
const OLDEST_NODE = '22.12.0';

describe('the packed palette', () => {
  let folder: string;
  let userFolder: string;
  let installed: string;
  let description: PackageDescription;

  /** Installs it as a user does, on a machine with nothing but Node.js: no compiler, no Python, no make. */
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sensebind-packed-'));
    userFolder = path.join(folder, 'user');
    const programs = path.join(folder, 'bin');
    await mkdir(userFolder);
    await mkdir(programs);
    const { stdout: shell } = await run('sh', ['-c', 'command -v sh']);
    await symlink(process.execPath, path.join(programs, 'node'));
    await symlink(shell.trim(), path.join(programs, 'sh'));
    const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: repositoryRoot,
      maxBuffer: 2 ** 26,
    });
    const packed = JSON.parse(stdout) as readonly [{ readonly filename: string }];
    await writeFile(path.join(userFolder, 'package.json'), JSON.stringify({ name: 'flows', private: true }));
    const install = ['install', '--no-audit', '--no-fund', '--prefer-offline', path.join(folder, packed[0].filename)];
    await run(process.execPath, [await npmProgram(), ...install], {
      cwd: userFolder,
      env: { ...process.env, PATH: programs, ONNXRUNTIME_NODE_INSTALL: 'skip' },
    });
    installed = path.join(userFolder, 'node_modules', '@sensebind', 'node-red');
    description = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8'));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  for (const version of NODE_RED_VERSIONS) {
    describe(`in ${version}`, () => {
      let nodeRed: RunningNodeRed;

      before(async () => {
        nodeRed = await startNodeRed(version, { userFolder, nodesFolder: '' });
      });

      after(() => nodeRed.stop());

      it('is listed without an error, with every set of nodes, its help and its texts', async () => {
        const sets = (await nodeRed.nodeSets()).filter(({ module }) => module === description.name);
        assert.deepEqual(
          sets.map(({ id, err }) => [id, err]),
          Object.keys(description['node-red'].nodes).map((set) => [`${description.name}/${set}`, undefined]),
        );
        const page = await (await fetch(`${nodeRed.url}/nodes`, { headers: { Accept: 'text/html' } })).text();
        for (const type of sets.flatMap(({ types }) => types)) {
          assert.ok(page.includes(`data-template-name="${type}"`), `a dialog of ${type}`);
          assert.ok(page.includes(`data-help-name="${type}"`), `help of ${type}`);
        }
        assert.doesNotMatch(nodeRed.output, /\[error\]|Cannot find module/);
      });

      it(
        'runs its examples: they find what happens, and publish what validates',
        { skip: withoutMosquitto },
        (context) => proveExamples(examplesIn(path.join(installed, 'examples')), { nodeRed, context }),
      );
    });
  }

  it('has texts and help in both languages for every set', () => {
    for (const file of Object.values(description['node-red'].nodes)) {
      const locales = path.join(installed, path.dirname(file), 'locales');
      for (const language of ['en-US', 'zh-CN']) {
        const files = readdirSync(path.join(locales, language)).sort();
        assert.deepEqual(files, ['node.html', 'node.json'], `${file}, ${language}`);
      }
    }
  });

  it('keeps the rules of the scorecard, and counts its dependencies', (context) => {
    const { name, license, keywords, engines, dependencies } = description;
    assert.equal(license, 'Apache-2.0', 'P01');
    assert.match(name, /^@[a-z0-9-]+\/node-red/, 'P04');
    assert.ok(keywords.includes('node-red'), 'P05');
    assert.ok(
      satisfies('5.0.7', description['node-red'].version) && satisfies('4.1.0', description['node-red'].version),
      'P06',
    );
    assert.ok(satisfies(OLDEST_NODE, engines.node), `P07: ${engines.node} holds ${OLDEST_NODE}`);
    context.diagnostic(`D01: ${Object.keys(dependencies).length} dependencies; docs/node-red.md says why`);
  });

  it('uses every type in an example that needs no other nodes', () => {
    const types = new Set(Object.values(description['node-red'].nodes).flatMap(typesOf));
    const examples = examplesIn(path.join(installed, 'examples'));
    const used = new Set(examples.flatMap(({ nodes }) => nodes.map(({ type }) => type)));
    const missing = [...types].filter((type) => !used.has(type));
    assert.deepEqual(missing, [], 'N02');
  });

  function typesOf(file: string): readonly string[] {
    const html = readFileSync(path.join(installed, file.replace(/\.js$/, '.html')), 'utf8');
    return [...html.matchAll(/registerType\('([a-z-]+)'/g)].map((match) => match[1]!);
  }
});

/** The npm that runs the tests, else the one of this machine. */
async function npmProgram(): Promise<string> {
  const { npm_execpath: own } = process.env;
  if (own?.endsWith('.js')) return own;
  const { stdout } = await run('sh', ['-c', 'readlink -f "$(command -v npm)"']);
  return stdout.trim();
}
