import type { Clock, Millis } from '../../runtime/clock';
import type { OpenByteStream } from './byteStream';
import type { OpenMessages } from './messages';
import { processStarter, type StartProcess } from './process';
import { serialOpener } from './serial';
import { socketOpener } from './socket';

/** A serial port: the path stays the same over replugging when it is one of /dev/serial/by-id. */
export interface SerialAddress {
  readonly path: string;
  readonly baudRate: number;
  /** How long bytes may wait while many come. Less is dearer; it is for devices whose bytes have no other time. */
  readonly readEvery?: Millis;
}

/** A serial port behind a network (ser2net, an ESP), or any other source of bytes over TCP. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/** Where the files of this machine's devices stand; other folders in tests. */
export interface DeviceRoots {
  readonly dev: string;
  readonly sys: string;
  readonly proc: string;
}

/** Everything that a driver opens. Passed in, so that a driver runs on simulated devices as on real ones. */
export interface Ports {
  readonly roots: DeviceRoots;
  readonly startProcess: StartProcess;
  serial(address: SerialAddress): OpenByteStream;
  socket(address: SocketAddress): OpenByteStream;
  /** Left out where no broker is listened to. */
  readonly messages?: OpenMessages;
}

/** The ports of this machine. */
export function machinePorts(clock: Clock): Ports {
  return {
    roots: { dev: '/dev', sys: '/sys', proc: '/proc' },
    startProcess: processStarter(clock),
    serial: serialOpener(clock),
    socket: socketOpener(clock),
  };
}
