import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { DATA_TYPES } from './dataType';
import type { Attribute, Content, Graph, Initializer, Node, Value } from './graph';
import {
  AttributeProto_AttributeType,
  type AttributeProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  TensorProto_DataLocation,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from './onnx.generated';
import { fixedShape, graphInvalid } from './shape';

/** Versions of the file format and of the standard operators that TensorRT 8.6 loads (reference/onnxruntime.md §9). */
const IR_VERSION = 8n;
export const OPERATOR_SET = 17n;

/**
 * The bytes of an ONNX model.
 *
 * @param written - Where each streamed initialiser lies by now; others keep their place, unless they have one here.
 * @throws {SensebindError} `GRAPH_INVALID` for a streamed one that is not there.
 */
export function encodeModel(graph: Graph, written: ReadonlyMap<Value, Content> = new Map()): Uint8Array {
  const declared = new Set([...graph.inputs, ...graph.outputs]);
  const between = graph.nodes.flatMap(({ outputs }) => outputs).filter((value) => !declared.has(value));
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: 'sensebind',
    opsetImport: [{ domain: '', version: OPERATOR_SET }],
    graph: {
      name: graph.name,
      node: graph.nodes.map(nodeProto),
      initializer: graph.initializers.map(({ value, content }) =>
        tensorProto({ value, content: written.get(value) ?? content }),
      ),
      input: graph.inputs.map(valueProto),
      output: graph.outputs.map(valueProto),
      valueInfo: between.map(valueProto),
    },
  });
  return toBinary(ModelProtoSchema, model);
}

function nodeProto({ name, operator, inputs, outputs, attributes }: Node): MessageInitShape<typeof NodeProtoSchema> {
  return {
    name,
    opType: operator,
    input: inputs.map((input) => input.name),
    output: outputs.map((output) => output.name),
    attribute: Object.entries(attributes).map(([key, attribute]) => ({ name: key, ...attributeProto(attribute) })),
  };
}

function attributeProto(attribute: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  switch (attribute.kind) {
    case 'float':
      return { type: AttributeProto_AttributeType.FLOAT, f: attribute.value };
    case 'integer':
      return { type: AttributeProto_AttributeType.INT, i: BigInt(attribute.value) };
    case 'integers':
      return { type: AttributeProto_AttributeType.INTS, ints: attribute.values.map(BigInt) };
  }
}

function valueProto({ name, type, shape }: Value): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = shape.map((dimension) =>
    typeof dimension === 'string'
      ? ({ value: { case: 'dimParam', value: dimension } } as const)
      : ({ value: { case: 'dimValue', value: BigInt(dimension) } } as const),
  );
  return {
    name,
    type: { value: { case: 'tensorType', value: { elemType: DATA_TYPES[type].number, shape: { dim } } } },
  };
}

function tensorProto({ value, content }: Initializer): MessageInitShape<typeof TensorProtoSchema> {
  const { name, type, shape } = value;
  const tensor = { name, dataType: DATA_TYPES[type].number, dims: fixedShape(shape).map(BigInt) };
  switch (content.kind) {
    case 'inline': {
      const { buffer, byteOffset, byteLength } = content.data;
      return { ...tensor, rawData: new Uint8Array(buffer, byteOffset, byteLength) };
    }
    case 'external':
      return {
        ...tensor,
        dataLocation: TensorProto_DataLocation.EXTERNAL,
        externalData: [
          { key: 'location', value: content.location },
          { key: 'offset', value: String(content.offset) },
          { key: 'length', value: String(content.byteLength) },
        ],
      };
    case 'streamed':
      throw graphInvalid(`Expected the data of ${name} to be written before the model, found that it was not`);
  }
}
