import type { Bundle } from '../../models/bundle/bundle';
import type { Embedding } from '../embedding';
import { Engine } from '../inference/engine';
import type { Modality } from '../reading';
import type { InputFile } from './files';
import { located } from './located';

/** An input and what its encoder made of it. */
export interface Encoded extends InputFile {
  readonly embedding: Embedding;
}

/** A line of text, as an input like any file. */
export function textInput(text: string): InputFile {
  return { label: text, modality: 'text', input: { kind: 'text', text }, notes: [] };
}

/**
 * Encodes inputs one after the other and closes the engine.
 *
 * @param options - `presets` by modality, in place of those that the manifest names.
 * @throws {SensebindError} the engine's errors, with the input's name in front.
 */
export async function encodeInputs(
  inputs: readonly InputFile[],
  options: {
    readonly bundle: Bundle;
    readonly presets?: Readonly<Record<Modality, string>>;
    readonly signal: AbortSignal;
  },
): Promise<readonly Encoded[]> {
  const { bundle, presets, signal } = options;
  const engine = await Engine.open(bundle, presets === undefined ? {} : { presets });
  try {
    const encoded: Encoded[] = [];
    for (const input of inputs) {
      const embedding = await engine.encode(input.modality, input.input, { signal }).catch((error: unknown) => {
        throw located(error, input.label);
      });
      encoded.push({ ...input, embedding });
    }
    return encoded;
  } finally {
    await engine.close();
  }
}
