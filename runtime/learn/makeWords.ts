import { createReadStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { sha256OfFile } from '../../models/bundle/sha256';
import type { MakingOptions } from './makeItems';
import { planScenes } from './scenePlan';
import { isThere, type LinesFile, writeWhole } from './sceneSetManifest';
import type { LabelledSpec, WordedSpec } from './sceneSetSpec';
import { probeTask, sceneTasks } from './sceneTasks';
import type { CaptionResult } from './workers/captionWorker';
import { inWorkers } from './workers/inWorkers';

/** Four captions of each scene, one JSON array a line. Takes sets with words only. */
export async function makeCaptions(spec: WordedSpec, { folder, ...options }: MakingOptions): Promise<LinesFile> {
  const byScene = await captionLines(sceneTasks(spec), options);
  return writeLines(folder, 'captions.jsonl', byScene);
}

/** Seed, room and events of each scene, one JSON object a line. Takes sets to judge on only. */
export async function makeLabels(spec: LabelledSpec, folder: string): Promise<LinesFile> {
  return writeLines(folder, 'labels.jsonl', labelLines(spec));
}

/** Whether the code of today would write the same: told by the first scenes. */
export async function areCaptionsReusable(
  spec: WordedSpec,
  file: LinesFile,
  { folder, ...options }: MakingOptions,
): Promise<boolean> {
  if (!(await isThere(folder, file))) return false;
  const expected = await captionLines(probeTask(spec), options);
  let at = 0;
  for await (const line of createInterface({ input: createReadStream(path.join(folder, file.file)) })) {
    if (at === expected.length) break;
    if (line !== expected[at]) return false;
    at++;
  }
  return at === expected.length;
}

async function captionLines(
  tasks: ReturnType<typeof sceneTasks>,
  options: Omit<MakingOptions, 'folder'>,
): Promise<readonly string[]> {
  const lines: string[] = [];
  await inWorkers<CaptionResult>(tasks, {
    ...options,
    entry: 'captionWorker',
    onResult: async ({ first, captions }) => {
      for (const [index, ofScene] of captions.entries()) lines[first + index] = JSON.stringify(ofScene);
    },
  });
  return lines;
}

function labelLines(spec: LabelledSpec): readonly string[] {
  return Array.from(planScenes(spec), (scene) => JSON.stringify(scene));
}

async function writeLines(folder: string, file: string, lines: readonly string[]): Promise<LinesFile> {
  const target = path.join(folder, file);
  const content = lines.map((line) => `${line}\n`).join('');
  await writeWhole(target, content);
  return { file, bytes: Buffer.byteLength(content), sha256: await sha256OfFile(target) };
}
