import type { Precision } from '../../../models/bundle/manifest';

/** What an encoder takes on one machine. */
export interface EncoderNeeds {
  /** `estimated` from sizes and the rate of a matrix product; `measured` by opening and running it. */
  readonly basis: 'measured' | 'estimated';
  /** Its files in the bundle. */
  readonly fileBytes: number;
  /** Memory that nothing else can have, with the weights of the bundle. */
  readonly privateBytes: number;
  /** The same from the device cache; what else it touches then is mapped from the disk, and shared. */
  readonly cachedPrivateBytes: number;
  /** Mapped from the device cache while it works. */
  readonly cachedMappedBytes: number;
  /** Room on the disk that its copy in the device cache takes. */
  readonly cacheBytes: number;
  /** One forward of one item, milliseconds. */
  readonly forwardMillis: number;
}

/** What is known of an encoder before there is a file of it. */
export interface EncoderSize {
  readonly parameters: number;
  /** Floating-point operations of one item: two a multiply-accumulate (models/imagebind/cost.ts). */
  readonly operations: number;
  readonly precision: Precision | 'int8';
}

/** How fast a machine multiplies float32 matrices (`measureMachine`). */
export interface MachineRate {
  readonly operationsPerSecond: number;
  readonly threads: number;
}

/** How a precision is stored and computed. */
interface PrecisionCost {
  readonly fileBytesPerParameter: number;
  /** In a session: the CPU computes fp16 as fp32 (reference/onnxruntime.md §3). */
  readonly memoryBytesPerParameter: number;
  /** How often faster than fp32 (reference/onnxruntime.md §2: 2.4 to 3.2). */
  readonly speed: number;
}

const COSTS: Readonly<Record<Precision | 'int8', PrecisionCost>> = {
  fp32: { fileBytesPerParameter: 4, memoryBytesPerParameter: 4, speed: 1 },
  fp16: { fileBytesPerParameter: 2, memoryBytesPerParameter: 4, speed: 1 },
  int8: { fileBytesPerParameter: 1.05, memoryBytesPerParameter: 1.05, speed: 2.4 },
};

/** Share of a bare matrix product's rate that an fp32 encoder reaches at least (design.md, budgets). */
const SHARE_OF_MATRIX_PRODUCT = 0.75;

/** Activations, the arena and what belongs to a session, measured with the full-size encoders: 20 to 45 MB. */
const SESSION_BYTES = 40e6;

/** The copy in the device cache holds each weight twice: as it was, and packed. */
const COPIES_IN_CACHE = 2;

/**
 * What an encoder will take, from its size and the machine's rate alone: for encoders that are not on the disk yet. Meant
 * to be a little too high; measured figures take its place once the bundle is there.
 */
export function estimateEncoder(size: EncoderSize, machine: MachineRate): EncoderNeeds {
  const { parameters, operations, precision } = size;
  const { fileBytesPerParameter, memoryBytesPerParameter, speed } = COSTS[precision];
  const weightsBytes = parameters * memoryBytesPerParameter;
  return {
    basis: 'estimated',
    fileBytes: Math.round(parameters * fileBytesPerParameter),
    privateBytes: Math.round(weightsBytes + SESSION_BYTES),
    cachedPrivateBytes: SESSION_BYTES,
    cachedMappedBytes: Math.round(weightsBytes),
    cacheBytes: cacheBytesOf(parameters * fileBytesPerParameter, precision),
    forwardMillis: (1000 * operations) / (machine.operationsPerSecond * SHARE_OF_MATRIX_PRODUCT * speed),
  };
}

/** Numbers that files of an encoder hold. */
export function parametersIn(fileBytes: number, precision: EncoderSize['precision']): number {
  return fileBytes / COSTS[precision].fileBytesPerParameter;
}

/** Memory that a session of an encoder with weights of this size on disk takes for them. */
export function weightsBytesInMemory(fileBytes: number, precision: EncoderSize['precision']): number {
  return Math.round(parametersIn(fileBytes, precision) * COSTS[precision].memoryBytesPerParameter);
}

/** Room on the disk that the copy of an encoder in the device cache takes, a little too high. */
export function cacheBytesOf(fileBytes: number, precision: EncoderSize['precision']): number {
  return Math.round(COPIES_IN_CACHE * 1.05 * weightsBytesInMemory(fileBytes, precision));
}
