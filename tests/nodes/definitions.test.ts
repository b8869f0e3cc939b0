import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import vm from 'node:vm';
import { repositoryRoot } from '../support/paths';

interface Property {
  readonly value: unknown;
  readonly validate?: (...values: never[]) => unknown;
  readonly type?: string;
}

interface Definition {
  readonly category: string;
  readonly color?: string;
  readonly icon?: string;
  readonly defaults: Readonly<Record<string, Property>>;
  readonly credentials?: Readonly<Record<string, { readonly type: string }>>;
  readonly label?: unknown;
  readonly paletteLabel?: unknown;
}

type Catalogue = { readonly [key: string]: string | Catalogue };

interface NodeSet {
  readonly folder: string;
  readonly html: string;
  readonly types: ReadonlyMap<string, Definition>;
  readonly catalogues: Readonly<Record<'en-US' | 'zh-CN', Catalogue>>;
  readonly help: Readonly<Record<'en-US' | 'zh-CN', string>>;
}

const LANGUAGES = ['en-US', 'zh-CN'] as const;

/** Every set of nodes as its sources have it, its inline script run as the editor runs it. */
function nodeSets(): readonly NodeSet[] {
  const { 'node-red': palette } = JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8'));
  return Object.values(palette.nodes as Readonly<Record<string, string>>).map((file) => {
    const folder = path.join(repositoryRoot, path.dirname(file).replace(/^dist\//, ''));
    const html = readFileSync(path.join(folder, 'node.html'), 'utf8');
    const read = (language: string, name: string): string =>
      readFileSync(path.join(folder, 'locales', language, name), 'utf8');
    return {
      folder: path.basename(folder),
      html,
      types: typesIn(html),
      catalogues: { 'en-US': JSON.parse(read('en-US', 'node.json')), 'zh-CN': JSON.parse(read('zh-CN', 'node.json')) },
      help: { 'en-US': read('en-US', 'node.html'), 'zh-CN': read('zh-CN', 'node.html') },
    };
  });
}

function typesIn(html: string): ReadonlyMap<string, Definition> {
  const types = new Map<string, Definition>();
  const registerType = (type: string, definition: Definition): Map<string, Definition> => types.set(type, definition);
  const validators = { number: () => () => true, regex: () => () => true, typedInput: () => () => true };
  const context = vm.createContext({ RED: { nodes: { registerType }, validators, _: String }, Sensebind: {} });
  for (const [, script = ''] of html.matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g)) {
    vm.runInContext(script, context);
  }
  return types;
}

function keysOf(catalogue: Catalogue, prefix = ''): readonly string[] {
  return Object.entries(catalogue).flatMap(([key, value]) =>
    typeof value === 'string' ? [`${prefix}${key}`] : keysOf(value, `${prefix}${key}.`),
  );
}

describe('what the editor is told of the nodes', () => {
  for (const { folder, html, types, catalogues, help } of nodeSets()) {
    it(`of ${folder} is what it needs, and follows its rules`, () => {
      assert.ok(types.size > 0);
      for (const [type, { category, defaults, icon, color, label, paletteLabel }] of types) {
        assert.match(type, /^sensebind-[a-z-]+$/);
        assert.ok(category === 'Sensebind' || category === 'config', category);
        assert.equal(typeof label, 'function');
        assert.deepEqual(defaults['version']?.value, 1, 'the version that migrations start from');
        if (category === 'Sensebind') {
          assert.match(icon ?? '', /^font-awesome\/fa-[a-z-]+$/);
          assert.match(color ?? '', /^#[0-9A-F]{6}$/);
          assert.notEqual(paletteLabel, undefined);
        }
        for (const [name, { validate }] of Object.entries(defaults)) {
          assert.doesNotMatch(name, /^(.|id|type|wires|inputs|outputs|_.*)$/, 'reserved by Node-RED');
          // With another number of parameters, a reason counts as valid.
          if (validate !== undefined) assert.equal(validate.length, 2, `${type}.${name}`);
        }
      }
      assert.doesNotMatch(html, /style="[^"]*#[0-9a-fA-F]{3}/, 'colours come from the theme');
      for (const language of LANGUAGES) {
        assert.match(help[language], /^<script type="text\/(html|markdown)" data-help-name="sensebind-[a-z-]+">/);
        assert.match(help[language], /<p>[\s\S]+?<\/p>/, 'the first paragraph is the tooltip of the palette');
      }
      assert.notEqual(help['en-US'], help['zh-CN']);
      assert.deepEqual(keysOf(catalogues['zh-CN']), keysOf(catalogues['en-US']));
    });
  }

  it('comes with nothing native that is loaded before somebody needs it', async () => {
    const { 'node-red': palette } = JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8'));
    const files = [...Object.values<string>(palette.nodes), ...Object.values<string>(palette.plugins)];
    const script = `const load = process.dlopen;
      process.dlopen = (module, file, ...rest) => { console.log(file); return load.call(process, module, file, ...rest); };
      for (const file of ${JSON.stringify(files)}) require(require('node:path').join(${JSON.stringify(repositoryRoot)}, file));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--eval', script]);
    // It makes msgpackr faster where it is there, and is done without where it is not.
    const native = stdout.split('\n').filter((file) => file !== '' && !file.includes('msgpackr-extract'));
    assert.deepEqual(native, []);
  });

  it('keeps passwords among the credentials', () => {
    for (const { types } of nodeSets()) {
      for (const [type, { defaults }] of types) {
        const secrets = Object.keys(defaults).filter((name) => /password|secret|token/i.test(name));
        assert.deepEqual(secrets, [], type);
      }
    }
  });
});
