import { SensebindError } from '../../runtime/errors';

/**
 * How the kernel stores one channel: `[be|le]:[s|u]bits/storagebits[Xrepeat][>>shift]`
 * (Documentation/ABI/testing/sysfs-bus-iio, scan_elements/<channel>_type).
 */
export interface ScanType {
  readonly isBigEndian: boolean;
  readonly isSigned: boolean;
  readonly bits: number;
  readonly storageBytes: 1 | 2 | 4 | 8;
  readonly shift: number;
}

/** One enabled channel of a scan. */
export interface ScanChannel {
  readonly name: string;
  readonly type: ScanType;
}

/** A channel and where it stands in a scan. */
export interface PlacedChannel extends ScanChannel {
  readonly offset: number;
}

/** All channels of a scan, and how long it is. */
export interface ScanLayout {
  readonly channels: readonly PlacedChannel[];
  readonly scanBytes: number;
}

const TYPE = /^(be|le):([su])(\d+)\/(\d+)(?:X(\d+))?>>(\d+)$/;

/** @throws {SensebindError} `DEVICE_FAILED` for a form that no kernel writes, or that this driver does not read. */
export function parseScanType(text: string): ScanType {
  const [, order, sign, bits = '0', storage = '0', repeat = '1', shift = '0'] = TYPE.exec(text.trim()) ?? [];
  const storageBytes = STORAGE_BYTES.find((bytes) => bytes * 8 === Number(storage));
  const isWithin = Number(bits) > 0 && Number(bits) + Number(shift) <= Number(storage);
  if (storageBytes === undefined || repeat !== '1' || !isWithin) {
    throw new SensebindError(
      'DEVICE_FAILED',
      `expected a channel format such as le:s16/16>>0, found ${JSON.stringify(text.slice(0, 60))}`,
      'report the name of the sensor: its kernel driver stores samples in a way that is not read yet',
    );
  }
  return {
    isBigEndian: order === 'be',
    isSigned: sign === 's',
    bits: Number(bits),
    storageBytes,
    shift: Number(shift),
  };
}

const STORAGE_BYTES = [1, 2, 4, 8] as const;

/** Places channels, in the order of their index, each aligned to its own size; the scan to the largest one. */
export function layOut(channels: readonly ScanChannel[]): ScanLayout {
  let end = 0;
  const placed = channels.map((channel) => {
    const size = channel.type.storageBytes;
    const offset = Math.ceil(end / size) * size;
    end = offset + size;
    return { ...channel, offset };
  });
  const largest = Math.max(1, ...channels.map(({ type }) => type.storageBytes));
  return { channels: placed, scanBytes: Math.ceil(end / largest) * largest };
}

/** The raw value of a channel in the scan that starts at `start`: shifted, masked, sign-extended. */
export function rawValue(view: DataView, start: number, { type, offset }: PlacedChannel): bigint {
  const stored = storedBits(view, start + offset, type) >> BigInt(type.shift);
  return type.isSigned ? BigInt.asIntN(type.bits, stored) : BigInt.asUintN(type.bits, stored);
}

function storedBits(view: DataView, at: number, { storageBytes, isBigEndian }: ScanType): bigint {
  switch (storageBytes) {
    case 1:
      return BigInt(view.getUint8(at));
    case 2:
      return BigInt(view.getUint16(at, !isBigEndian));
    case 4:
      return BigInt(view.getUint32(at, !isBigEndian));
    case 8:
      return view.getBigUint64(at, !isBigEndian);
  }
}
