import { readFile } from 'node:fs/promises';
import Type from '#typebox';
import { messageOf, SensebindError } from '../../runtime/errors';
import { type DeviceContext, resolvePath } from '../device';
import { element } from './element';

/** Options of every source that reads a network stream. */
export const rtspOptions = {
  url: Type.String({
    // No user and no password, and nothing that ends an argument: quotes, backslashes, white space.
    pattern: '^rtsps?://[A-Za-z0-9.:\\[\\]_-]{1,255}(/[A-Za-z0-9._~!$&()*+,;=:@%/?#\\[\\]-]{0,1024})?$',
    title: 'an address such as rtsp://camera.local:554/stream1, without user and password',
  }),
  username: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  passwordFile: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, title: 'the path of a file' })),
  passwordEnv: Type.Optional(
    Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$', title: 'the name of an environment variable' }),
  ),
  transport: Type.Optional(Type.Enum(['tcp', 'udp'], { description: 'Of the stream itself. Default: tcp.' })),
  latencyMillis: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 10_000, description: 'Kept to bring late packets into order. Default: 200.' }),
  ),
};

export interface RtspOptions {
  readonly url: string;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly passwordEnv?: string;
  readonly transport?: 'tcp' | 'udp';
  readonly latencyMillis?: number;
}

/**
 * The element that opens the stream, and what of it is secret. The password stands in the arguments of gst-launch,
 * which other users of this machine can see in the list of processes.
 *
 * @throws {SensebindError} `CONFIG_INVALID` when a password is named and there is none.
 */
export async function rtspSource(
  options: RtspOptions,
  context: DeviceContext,
): Promise<{ readonly elements: readonly string[]; readonly secrets: readonly string[] }> {
  const password = await passwordOf(options, context);
  const { username = '', transport = 'tcp', latencyMillis = 200 } = options;
  const credentials = username === '' ? '' : `${encode(username)}${password === '' ? '' : `:${encode(password)}`}@`;
  const location = options.url.replace('://', `://${credentials}`);
  return {
    elements: element('rtspsrc', {
      location,
      protocols: transport,
      latency: latencyMillis,
      'drop-on-latency': true,
    }),
    secrets: [password, encode(password)],
  };
}

async function passwordOf({ passwordFile, passwordEnv }: RtspOptions, context: DeviceContext): Promise<string> {
  if (passwordFile === undefined && passwordEnv === undefined) return '';
  const text =
    passwordFile === undefined
      ? process.env[passwordEnv ?? '']
      : await readFile(resolvePath(passwordFile, context), 'utf8').catch((error: unknown) => {
          throw missing(context.source, messageOf(error));
        });
  // Editors end files with a line end that is not part of the password.
  const password = text?.replace(/\r?\n$/, '');
  if (password) return password;
  throw missing(context.source, 'nothing');
}

function missing(source: string, found: string): SensebindError {
  return new SensebindError(
    'CONFIG_INVALID',
    `expected the password of the source "${source}", found ${found}`,
    'write it into the file that passwordFile names, or set the variable that passwordEnv names',
  );
}

/** Every character that has a meaning in an address or an argument, as %xx. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
