import path from 'node:path';
import type { Static, TObject } from '#typebox';
import { Compile } from '#typebox/compile';
import type { Clock } from '../runtime/clock';
import { SensebindError } from '../runtime/errors';
import type { Driver, FrameMemory, Modality } from '../runtime/reading';
import type { Gray16 } from './gray16';
import type { Ports } from './ports/ports';

/** What a driver gets beside its options. */
export interface DeviceContext {
  /** Id of the source, as its readings carry it. */
  readonly source: string;
  readonly clock: Clock;
  readonly ports: Ports;
  /** Memory of pictures. */
  readonly memory: FrameMemory;
  /** Decodes a 16-bit PNG. @throws {SensebindError} `INPUT_INVALID`, `INPUT_TOO_LARGE`, `INPUT_UNSUPPORTED` */
  decodeGray16(bytes: Uint8Array): Promise<Gray16>;
  /** Decodes a JPEG or PNG into RGB. @throws {SensebindError} `INPUT_INVALID`, `INPUT_TOO_LARGE`, `INPUT_UNSUPPORTED` */
  decodePicture(
    bytes: Uint8Array,
  ): Promise<{ readonly rgb: Uint8Array; readonly width: number; readonly height: number }>;
  /** Relative paths in the options start here: the folder of the configuration file. */
  readonly folder: string;
}

/** A device that is plugged in. */
export interface FoundDevice {
  /** As a person would call it: "FT232R USB UART, serial number A50285BI". */
  readonly name: string;
  /** What to write into a configuration to use it. */
  readonly options: { readonly kind: string } & Readonly<Record<string, string | number | boolean>>;
  /** `possible`: only its port was found; what is on it cannot be known without talking to it. */
  readonly certainty: 'certain' | 'possible';
}

/** What a kind of device needs of the machine: `sensebind doctor` looks whether it is there. */
export interface DeviceNeeds {
  readonly programs?: readonly { readonly program: string; readonly debianPackage: string }[];
  /** Files that the user must be able to open, by folder and name, and the group that may. */
  readonly files?: { readonly folder: string; readonly name: RegExp; readonly group: string };
}

/** A kind of device: what the command line, validation and Node-RED need to know of it. */
export interface DeviceDeclaration {
  readonly kind: string;
  readonly modality: Modality;
  readonly title: string;
  /** Its options in a configuration, `kind` among them. */
  readonly options: TObject;
  readonly needs?: DeviceNeeds;
  /** Options that name a file or folder that must be there before it runs, relative to the configuration. */
  readonly inputs?: readonly string[];
  /** Looks for devices of this kind that are plugged in. Left out where there is nothing to find. Never rejects. */
  discover?(ports: Ports): Promise<readonly FoundDevice[]>;
  /** @throws {SensebindError} `CONFIG_INVALID` when `options` do not match the schema. */
  open(options: unknown, context: DeviceContext): Driver;
}

/** Makes a {@link DeviceDeclaration} of a schema and a factory that takes what the schema describes. */
export function declareDevice<Options extends TObject>(declaration: {
  readonly kind: string;
  readonly modality: Modality;
  readonly title: string;
  readonly options: Options;
  readonly needs?: DeviceNeeds;
  readonly inputs?: readonly (keyof Static<Options> & string)[];
  readonly discover?: (ports: Ports) => Promise<readonly FoundDevice[]>;
  readonly open: (options: Static<Options>, context: DeviceContext) => Driver;
}): DeviceDeclaration {
  const validator = Compile(declaration.options);
  return {
    ...declaration,
    open(options, context) {
      if (!validator.Check(options)) {
        const [first] = validator.Errors(options);
        throw new SensebindError(
          'CONFIG_INVALID',
          `expected options of the device "${declaration.kind}", found: ${first?.instancePath ?? ''} ${first?.message ?? ''}`,
          `correct the source "${context.source}"`,
        );
      }
      return declaration.open(options, context);
    },
  };
}

/** A path of the options, made absolute. */
export function resolvePath(file: string, context: DeviceContext): string {
  return path.resolve(context.folder, file);
}
