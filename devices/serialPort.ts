import { readdir } from 'node:fs/promises';
import path from 'node:path';
import Type from '#typebox';
import type { FoundDevice } from './device';
import type { Ports } from './ports/ports';

/** The option for a serial port, in the schema of a device. */
export const SerialPath = Type.String({
  minLength: 1,
  maxLength: 4096,
  title: 'the path of a serial port',
  description: 'Best one of /dev/serial/by-id, which stays the same when the device is plugged in elsewhere.',
});

/** The option for its speed; left out, the `usual` one. */
export function baudRateOption(usual: number): ReturnType<typeof Type.Integer> {
  return Type.Integer({ minimum: 1200, maximum: 4_000_000, description: `Default: ${usual}.` });
}

/**
 * The serial ports that are plugged in, as devices of one kind: what is on a port is not known without talking to it.
 * Reads /dev/serial/by-id, whose names last; SerialPort.list() needs a program, and ends the process without it.
 */
export function discoverSerial(kind: string): (ports: Ports) => Promise<readonly FoundDevice[]> {
  return async ({ roots }) => {
    const folder = path.join(roots.dev, 'serial', 'by-id');
    // The folder is only there while there is a port.
    const names = await readdir(folder).catch((): string[] => []);
    return names.toSorted().map((name) => ({
      name: spoken(name),
      options: { kind, path: path.join(folder, name) },
      certainty: 'possible' as const,
    }));
  };
}

/** `usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0` as a person would say it. */
function spoken(name: string): string {
  return name
    .replace(/^usb-/, '')
    .replace(/-if\d+(?:-port\d+)?$/, '')
    .replaceAll('_', ' ');
}
