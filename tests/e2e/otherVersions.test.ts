import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { crc32c } from '../../runtime/mqtt/spool/crc32c';
import { runCommand } from '../support/command';
import { repositoryRoot } from '../support/paths';
import { startNode } from '../support/runningNode';
import { temporaryFolder } from '../support/temporaryFolder';
import { type TinyBundle, tinyBundle } from '../support/tinyBundle';

const SOUND = path.join(repositoryRoot, 'examples', 'sounds', 'door.wav');

describe('what another version left (F28)', () => {
  let tiny: TinyBundle;

  before(async () => {
    tiny = await tinyBundle();
  });
  after(() => tiny.remove());

  const configOf = (version: number): string => `version: ${version}
node: box
bundle: ${tiny.directory}
broker: { url: mqtt://127.0.0.1:1 }
sources: { mic0: { device: { kind: wav, file: ${SOUND}, loop: true } } }
`;

  it('is set aside and told of, byte by byte as it was, and the node runs', async (context) => {
    const folder = await temporaryFolder(context);
    const config = path.join(folder, 'config.yaml');
    await writeFile(config, configOf(1));
    const nodeFolder = path.join(folder, 'sensebind', 'nodes', 'box');
    const spool = path.join(nodeFolder, 'spool', 'high');
    await mkdir(spool, { recursive: true });
    const left = new Map([
      [path.join(spool, '0000000000000000.spool'), laterSegment()],
      [path.join(nodeFolder, 'events.json'), '{"format":"sensebind-events/9","rules":{}}'],
      [`${path.join(nodeFolder, 'events.json')}.unreadable`, 'what was set aside before'],
    ]);
    for (const [file, text] of left) await writeFile(file, text, 'latin1');

    const node = startNode(context, config, { stateHome: folder });
    await node.until(({ kind, status }) => kind === 'source' && JSON.stringify(status).includes('"online"'));
    node.process.kill('SIGTERM');
    assert.equal(await node.ended, 0);

    const told = JSON.stringify(node.lines.filter(({ event }) => JSON.stringify(event ?? '').includes('set-aside')));
    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((file) => file.isFile());
    const texts = new Map<string, string>();
    for (const { parentPath, name } of files) {
      const file = path.join(parentPath, name);
      texts.set(file, await readFile(file, 'latin1'));
    }
    for (const [file, text] of left) {
      const now = [...texts].find(([, content]) => content === text)?.[0];
      assert.ok(now, `${file} is gone`);
      if (!file.endsWith('.unreadable')) assert.ok(now !== file && told.includes(now), `${now} is not in ${told}`);
    }
  });

  it('is refused where it is a configuration, with words, and left as it is', async (context) => {
    const folder = await temporaryFolder(context);
    const config = path.join(folder, 'config.yaml');
    for (const version of [0, 2]) {
      await writeFile(config, configOf(version));
      const { code, stderr } = await runCommand(['run', config, '--check'], { stateHome: folder });
      assert.equal(code, 1);
      assert.match(stderr, /config\.yaml:1:1 version: expected 1, the version of this format, found \d/);
      assert.equal(await readFile(config, 'utf8'), configOf(version));
    }
  });
});

/** A file of the spool as a later version may write it: its header is whole, its version 9. */
function laterSegment(): string {
  const header = Buffer.alloc(16);
  header.write('SENSPOOL', 'latin1');
  header.writeUInt16LE(9, 8);
  header.writeUInt32LE(crc32c(header.subarray(0, 12)), 12);
  return `${header.toString('latin1')}records of another form`;
}
