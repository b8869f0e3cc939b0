import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { messageOf, SensebindError } from '../../runtime/errors';
import { type ModelProto, ModelProtoSchema, TensorProto_DataLocation } from '../onnx/onnx.generated';
import type { EncoderManifest } from './manifest';

/** Weights lie beside the model, so that a graph alone stays far below this. */
const GRAPH_LIMIT_BYTES = 2 ** 26;

/**
 * Checks that a model reads its weights from the declared file beside it and from nowhere else. Locations that lead out
 * of the folder are a class of attacks (CVE-2022-25882, CVE-2024-27318 and others: fault row F18 of
 * reference/anchors.md). A model with fields that our graphs do not have is refused whole: subgraphs, functions and
 * sparse tensors could hide a location.
 *
 * @throws {SensebindError} `BUNDLE_INVALID`.
 */
export async function checkExternalData(
  modelPath: string,
  { model, weights }: Pick<EncoderManifest, 'model' | 'weights'>,
): Promise<void> {
  if (model.bytes > GRAPH_LIMIT_BYTES) throw invalid(model.file, `${model.bytes} bytes of graph`);
  const proto = parse(await readFile(modelPath), model.file);
  if (hasUnknownFields(proto)) throw invalid(model.file, 'fields that no model of this program has');
  const allowed = weights === null ? undefined : path.posix.relative(path.posix.dirname(model.file), weights.file);
  if (allowed?.includes('/')) throw invalid(model.file, `weights in another folder: ${weights?.file}`);
  for (const { dataLocation, externalData } of proto.graph?.initializer ?? []) {
    if (dataLocation !== TensorProto_DataLocation.EXTERNAL && externalData.length === 0) continue;
    const locations = externalData.filter(({ key }) => key === 'location').map(({ value }) => value);
    if (locations.length !== 1 || locations[0] !== allowed) {
      throw invalid(model.file, `weights at ${JSON.stringify(locations)}, not at ${JSON.stringify(allowed ?? null)}`);
    }
  }
}

function parse(bytes: Uint8Array, file: string): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    throw invalid(file, messageOf(error));
  }
}

/** Walks a message: plain objects, arrays and numbers, as deep as our schema and no deeper. */
function hasUnknownFields(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  if (Array.isArray(value)) return value.some(hasUnknownFields);
  if ('$unknown' in value && Array.isArray(value.$unknown) && value.$unknown.length > 0) return true;
  return Object.values(value).some(hasUnknownFields);
}

function invalid(file: string, found: string): SensebindError {
  return new SensebindError(
    'BUNDLE_INVALID',
    `Expected ${file} to be a model that reads only the weights file declared for it, found ${found}`,
    'Do not use this bundle unless you know who made it: convert the checkpoint again.',
  );
}
