import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { WrittenFile } from '../onnx/fileWriter';
import type { BundleFile, EncoderManifest } from './manifest';
import { sha256OfFile } from './sha256';
import type { Workspace } from './workspace';

/** A file that was written at the top of a bundle, as its manifest names it. */
export function bundleFile({ path: file, bytes, sha256 }: WrittenFile): BundleFile {
  return { file: path.basename(file), bytes, sha256 };
}

/** Names of an encoder's files. */
export function encoderFiles({ model, weights }: Pick<EncoderManifest, 'model' | 'weights'>): readonly string[] {
  return weights === null ? [model.file] : [model.file, weights.file];
}

export async function writeText(
  workspace: Workspace,
  { name, content }: { readonly name: string; readonly content: string },
): Promise<BundleFile> {
  const file = path.join(workspace.directory, name);
  await writeFile(file, content, { flush: true });
  return { file: name, bytes: Buffer.byteLength(content), sha256: await sha256OfFile(file) };
}
