#!/usr/bin/env node
import path from 'node:path';
import { contractFiles } from '../mqtt/contract/files';
import { writeWholeFile } from '../wholeFile';
import { print, reportError } from './output';

/** `npm run schemas`: writes AsyncAPI and the JSON Schemas of the MQTT contract to resources/. */
async function main(): Promise<void> {
  const resources = path.join(__dirname, '..', '..', '..', 'resources');
  for (const [name, content] of contractFiles()) {
    await writeWholeFile(path.join(resources, name), content);
    print(path.join('resources', name));
  }
}

main().catch((error: unknown) => {
  process.exitCode = reportError(error, {});
});
