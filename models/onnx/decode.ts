import { fromBinary } from '@bufbuild/protobuf';
import { messageOf, SensebindError } from '../../runtime/errors';
import { DATA_TYPES, type DataType, dataTypeOf, type Elements } from './dataType';
import { OPERATOR_SET } from './encode';
import { type Attribute, type Content, Graph, type Value } from './graph';
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  TensorProto_DataLocation,
  type ValueInfoProto,
} from './onnx.generated';
import type { Shape } from './shape';

/**
 * Reads back a model that {@link encodeModel} wrote: standard operators only, every value typed.
 *
 * @throws {SensebindError} `BUNDLE_CORRUPT` for any other content.
 */
export function decodeModel(bytes: Uint8Array): Graph {
  try {
    return graphOf(bytes);
  } catch (error) {
    throw new SensebindError(
      'BUNDLE_CORRUPT',
      `Expected an ONNX model written by this program, found that ${messageOf(error)}`,
      'Convert the checkpoint again.',
      { cause: error },
    );
  }
}

function graphOf(bytes: Uint8Array): Graph {
  const { graph: proto, opsetImport } = fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  if (proto === undefined) throw new Error('it holds no graph');
  const other = opsetImport.find(({ domain, version }) => domain !== '' || version !== OPERATOR_SET);
  if (other !== undefined) throw new Error(`it needs operator set ${other.version} of the domain "${other.domain}"`);
  const graph = new Graph(proto.name);
  const types = new Map([...proto.valueInfo, ...proto.output].map((info) => [info.name, typeAndShape(info)]));
  const values = new Map<string, Value>();
  const keep = (value: Value): void => {
    values.set(value.name, value);
  };
  for (const info of proto.input) keep(graph.input(info.name, typeAndShape(info)));
  for (const tensor of proto.initializer) {
    const type = dataType(tensor.dataType);
    const shape = tensor.dims.map(Number);
    keep(graph.initializer(tensor.name, { type, shape, content: contentOf(tensor, type) }));
  }
  for (const node of proto.node) {
    const inputs = node.input.map((name) => found(values, name));
    const outputs = node.output.map((name) => graph.value(name, found(types, name)));
    graph.push({ name: node.name, operator: operatorOf(node), inputs, outputs, attributes: attributesOf(node) });
    outputs.forEach(keep);
  }
  for (const { name } of proto.output) graph.expose(found(values, name));
  return graph;
}

function found<Item>(items: ReadonlyMap<string, Item>, name: string): Item {
  const item = items.get(name);
  if (item === undefined) throw new Error(`nothing before its use or type is called "${name}"`);
  return item;
}

function operatorOf({ opType, domain }: NodeProto): string {
  if (domain !== '') throw new Error(`${opType} is of the domain "${domain}", not a standard operator`);
  return opType;
}

function attributesOf({ attribute }: NodeProto): Readonly<Record<string, Attribute>> {
  return Object.fromEntries(attribute.map((proto) => [proto.name, attributeOf(proto)]));
}

function attributeOf({ name, type, f, i, ints }: AttributeProto): Attribute {
  switch (type) {
    case AttributeProto_AttributeType.FLOAT:
      return { kind: 'float', value: f };
    case AttributeProto_AttributeType.INT:
      return { kind: 'integer', value: Number(i) };
    case AttributeProto_AttributeType.INTS:
      return { kind: 'integers', values: ints.map(Number) };
    default:
      throw new Error(`attribute ${name} is of the unused type ${type}`);
  }
}

function typeAndShape({ name, type }: ValueInfoProto): { readonly type: DataType; readonly shape: Shape } {
  if (type?.value.case !== 'tensorType') throw new Error(`${name} is not a tensor`);
  const { elemType, shape } = type.value.value;
  return {
    type: dataType(elemType),
    shape: (shape?.dim ?? []).map(({ value }) => {
      if (value.case === undefined) throw new Error(`a size of ${name} is missing`);
      return value.case === 'dimParam' ? value.value : Number(value.value);
    }),
  };
}

function dataType(number: number): DataType {
  const type = dataTypeOf(number);
  if (type === undefined) throw new Error(`element type ${number} is not used by this program`);
  return type;
}

function contentOf(tensor: TensorProto, type: DataType): Content {
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL) {
    return {
      kind: 'external',
      location: found(entries, 'location'),
      offset: wholeNumber(found(entries, 'offset')),
      byteLength: wholeNumber(found(entries, 'length')),
    };
  }
  return { kind: 'inline', data: elementsOf(tensor, type) };
}

function elementsOf({ name, dims, rawData }: TensorProto, type: DataType): Elements {
  const { array } = DATA_TYPES[type];
  const count = dims.reduce((product, size) => product * size, 1n);
  if (count * BigInt(array.BYTES_PER_ELEMENT) !== BigInt(rawData.length)) {
    throw new Error(`${name} has ${rawData.length} bytes for ${count} elements`);
  }
  // A copy: bytes inside the file need not be aligned for their element type.
  return new array(Uint8Array.from(rawData).buffer);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error(`"${text}" is not an offset or length`);
  return Number(text);
}
