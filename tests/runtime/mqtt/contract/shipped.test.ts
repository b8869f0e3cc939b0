import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { Compile } from '#typebox/schema';
import { contractFiles } from '../../../../runtime/mqtt/contract/files';
import { schemaIds } from '../../../../runtime/mqtt/messages';
import { topicsOf } from '../../../../runtime/mqtt/topics';
import { channelNameOf, contractProblems } from '../../../support/contract';
import { golden, repositoryRoot } from '../../../support/paths';

const RESOURCES = path.join(repositoryRoot, 'resources');
const shipped = (name: string): string => readFileSync(path.join(RESOURCES, name), 'utf8');

describe('the shipped files of the MQTT contract', () => {
  it('are what the schemas of the code say: run "npm run schemas" where this fails', () => {
    for (const [name, content] of contractFiles()) assert.equal(shipped(name), content, name);
  });

  it('are no more than those', () => {
    const files = readdirSync(path.join(RESOURCES, 'schemas')).map((name) => `schemas/${name}`);
    assert.deepEqual(['asyncapi.yaml', ...files].toSorted(), [...contractFiles().keys()].toSorted());
  });

  it('hold a schema for every one that a node says it uses', () => {
    for (const id of schemaIds) assert.ok(contractFiles().has(`schemas/${id.replace('/', '-')}.json`), id);
  });

  it('are AsyncAPI 3.0.0, by the JSON Schema of the AsyncAPI project', () => {
    const schema = JSON.parse(gunzipSync(readFileSync(golden('asyncapi-3.0.0.json.gz'))).toString());
    const validator = Compile(schema);
    const document: { operations: { send_event: { action: string } } } = parse(shipped('asyncapi.yaml'));
    assert.ok(validator.Check(document), JSON.stringify(validator.Errors(document)[1].slice(0, 5)));
    document.operations.send_event.action = 'shout';
    assert.equal(validator.Check(document), false);
  });

  it('know every topic of a node, each by one name', () => {
    const topics = topicsOf({ base: 'home/sensors', node: 'box' });
    const source = topics.source('mic0');
    const fused = topics.fused('room');
    const event = topics.event('burglar');
    const all = [
      ...[topics.status, topics.info, topics.health],
      ...[source.status, source.state, source.embedding, source.scores],
      ...[fused.embedding, fused.scores, event.live, event.backfill],
    ];
    const names = all.map((topic) => channelNameOf(topic));
    assert.deepEqual([...new Set(names)], names);
    assert.ok(!names.includes(undefined));
  });

  it('refuse other topics, other words, and documents with a wrong or missing key', () => {
    const root = 'sensebind/v1/box';
    assert.deepEqual(contractProblems(`${root}/status`, Buffer.from('online')), []);
    assert.equal(contractProblems(`${root}/src/mic0/status`, Buffer.from('stopped')).length > 0, true);
    assert.match(contractProblems(`${root}/elsewhere`, Buffer.from('x')).join(), /not a topic/);
    assert.match(contractProblems(`${root}/health`, Buffer.from('{"s":"health/1"}')).join(), /boot/);
    assert.match(contractProblems(`${root}/health`, Buffer.from('{')).join(), /not application\/json/);
    assert.match(contractProblems(`${root}/src/mic0/emb`, Buffer.from([0x80])).join(), /required/);
  });
});
