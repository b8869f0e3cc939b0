import Type, { type TSchema } from '#typebox';
import { CommandMessage, JobMessage, ResponseMessage } from '../../commands/commandMessages';
import { EventMessage } from '../eventMessage';
import { LabelMessage, LabelStateWord, PromptWord, ThresholdWord } from '../labelMessage';
import {
  EmbeddingMessage,
  HealthMessage,
  InfoMessage,
  ScoresMessage,
  SourceMessage,
  SourceStatusWord,
  StatusWord,
} from '../messages';

/** A schema of the contract, as it is shipped. */
export interface ContractSchema {
  readonly title: string;
  readonly schema: TSchema;
}

/**
 * Every schema of contract v1, by its name: the one list that files, AsyncAPI and tests are made of. A new message needs
 * a line here, and a channel in channels.ts.
 */
export const contractSchemas = {
  'status/1': { title: 'Status of a node: a bare word', schema: StatusWord },
  'source-status/1': { title: 'Status of a source: a bare word', schema: SourceStatusWord },
  'info/1': { title: 'What a node is', schema: InfoMessage },
  'health/1': { title: 'How a node is', schema: HealthMessage },
  'source/1': { title: 'State of a source', schema: SourceMessage },
  'emb/1': { title: 'An embedding: a msgpack map, as it is when it is decoded', schema: EmbeddingMessage },
  'scores/1': { title: 'Similarity to labels', schema: ScoresMessage },
  'event/1': { title: 'Something that started, goes on, or ended', schema: EventMessage },
  'label-state/1': { title: 'Whether a label is the case: a bare word', schema: LabelStateWord },
  'label/1': { title: 'What the state of a label rests on', schema: LabelMessage },
  'threshold/1': { title: 'Threshold of a label: a number as text', schema: ThresholdWord },
  'prompt/1': { title: 'Words of a label: plain text', schema: PromptWord },
  'cmd/1': { title: 'A command', schema: CommandMessage },
  'rsp/1': { title: 'The answer to a command', schema: ResponseMessage },
  'job/1': { title: 'How far a long command is', schema: JobMessage },
  'readings/1': {
    title: 'What a board measures: a header of 44 bytes, and numbers',
    schema: Type.String({
      contentEncoding: 'binary',
      description: 'Bytes, as docs/readings-in.md describes them; no JSON.',
      maxLength: 2 ** 20,
    }),
  },
} as const satisfies Readonly<Record<string, ContractSchema>>;

export type ContractSchemaId = keyof typeof contractSchemas;

/** Name of the file of a schema: `emb/1` → `emb-1.json`. */
export function schemaFileName(id: ContractSchemaId): string {
  return `${id.replace('/', '-')}.json`;
}

/** JSON Schema, draft 7, which is what AsyncAPI 3 understands without a translation. */
export function schemaDocument(id: ContractSchemaId): object {
  const { title, schema } = contractSchemas[id];
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: `urn:sensebind:v1:${id.replace('/', ':')}`,
    title,
    ...schema,
  };
}
