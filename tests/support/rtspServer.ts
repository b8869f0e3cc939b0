import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** What the server asks for, where it asks for anything. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface RtspServer {
  readonly url: string;
  /** Ends all connections, as a camera without power does. */
  hangUp(): void;
}

const SDP = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=test',
  't=0 0',
  'a=control:*',
  'm=video 0 RTP/AVP 26',
  'a=control:video',
  'm=audio 0 RTP/AVP 96',
  'a=rtpmap:96 L16/16000/1',
  'a=control:audio',
  '',
].join('\r\n');

/** RFC 2435 and RFC 3551, made by GStreamer from pictures of one colour and a tone. */
function senders(video: number, audio: number): readonly string[] {
  return [
    ...'videotestsrc is-live=true pattern=solid-color foreground-color=0xff2060c0'.split(' '),
    ...'! video/x-raw,format=RGB,width=320,height=240,framerate=15/1 ! videoconvert'.split(' '),
    // What JPEG means by its numbers (JFIF): all 256 levels.
    ...'! video/x-raw,format=I420,colorimetry=1:4:0:0 ! jpegenc ! rtpjpegpay pt=26 !'.split(' '),
    ...`udpsink host=127.0.0.1 port=${video} sync=false`.split(' '),
    ...'audiotestsrc is-live=true samplesperbuffer=320 freq=1000 ! audio/x-raw,format=S16BE,rate=16000,channels=1'.split(
      ' ',
    ),
    ...`! rtpL16pay pt=96 ! udpsink host=127.0.0.1 port=${audio} sync=false`.split(' '),
  ];
}

/** A camera on the network: RTSP (RFC 2326) with its stream inside the connection, JPEG pictures and 16-bit sound. */
export async function startRtspServer(context: TestContext, credentials?: Credentials): Promise<RtspServer> {
  const connections = new Set<Connection>();
  const server = createServer((socket) => {
    const connection = new Connection(socket, credentials);
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const hangUp = (): void => {
    for (const connection of connections) connection.close();
  };
  context.after(async () => {
    hangUp();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return { url: `rtsp://127.0.0.1:${port}/live`, hangUp };
}

class Connection {
  readonly #socket: Socket;
  readonly #credentials: Credentials | undefined;
  readonly #channels: { video?: number; audio?: number } = {};
  readonly #relays: UdpSocket[] = [];
  #sender: ChildProcess | undefined;
  #text = '';

  constructor(socket: Socket, credentials: Credentials | undefined) {
    this.#socket = socket;
    this.#credentials = credentials;
    // Receiver reports come as binary between requests; latin1 keeps one character a byte.
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#append(text));
    socket.on('error', () => undefined);
    socket.on('close', () => this.close());
  }

  close(): void {
    this.#sender?.kill('SIGKILL');
    for (const relay of this.#relays.splice(0)) relay.close();
    this.#socket.destroy();
  }

  #append(text: string): void {
    this.#text += text;
    for (;;) {
      if (this.#text.startsWith('$') && this.#text.length >= 4) {
        const length = 4 + this.#text.charCodeAt(2) * 256 + this.#text.charCodeAt(3);
        if (this.#text.length < length) return;
        this.#text = this.#text.slice(length);
        continue;
      }
      const end = this.#text.indexOf('\r\n\r\n');
      if (end < 0 || this.#text.startsWith('$')) return;
      const request = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 4);
      void this.#answer(request);
    }
  }

  async #answer(request: string): Promise<void> {
    const [method = '', url = ''] = request.split(' ');
    const header = (name: string): string => new RegExp(`^${name}: *(.*)$`, 'im').exec(request)?.[1]?.trim() ?? '';
    const reply = (status: string, headers: readonly string[] = [], body = ''): void => {
      const length = body === '' ? [] : [`Content-Length: ${body.length}`];
      const lines = [`RTSP/1.0 ${status}`, `CSeq: ${header('CSeq')}`, 'Session: 1', ...headers, ...length, '', body];
      this.#socket.write(lines.join('\r\n'));
    };
    if (method !== 'OPTIONS' && !this.#isAllowed(header('Authorization'))) {
      return reply('401 Unauthorized', ['WWW-Authenticate: Basic realm="camera"']);
    }
    switch (method) {
      case 'OPTIONS':
        return reply('200 OK', ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER']);
      case 'DESCRIBE':
        return reply('200 OK', ['Content-Type: application/sdp', `Content-Base: ${url}/`], SDP);
      case 'SETUP': {
        const channel = Number(/interleaved=(\d+)/.exec(header('Transport'))?.[1] ?? 0);
        this.#channels[url.endsWith('audio') ? 'audio' : 'video'] = channel;
        return reply('200 OK', [`Transport: RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1}`]);
      }
      case 'PLAY':
        reply('200 OK', ['Range: npt=0-']);
        return this.#play();
      default:
        return reply('200 OK');
    }
  }

  #isAllowed(authorization: string): boolean {
    if (this.#credentials === undefined) return true;
    const { username, password } = this.#credentials;
    return authorization === `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }

  async #play(): Promise<void> {
    const [video, audio] = await Promise.all([this.#relay(this.#channels.video), this.#relay(this.#channels.audio)]);
    this.#sender = spawn('gst-launch-1.0', ['-q', ...senders(video, audio)], { stdio: 'ignore' });
  }

  /** Packets that come to a port of this machine go on inside the connection; where nobody set them up, nowhere. */
  async #relay(channel: number | undefined): Promise<number> {
    const relay = createSocket('udp4');
    this.#relays.push(relay);
    relay.on('message', (packet) => {
      if (channel === undefined || this.#socket.destroyed) return;
      const head = Buffer.from([0x24, channel, packet.length >> 8, packet.length & 0xff]);
      this.#socket.write(Buffer.concat([head, packet]));
    });
    relay.bind(0, '127.0.0.1');
    await once(relay, 'listening');
    return relay.address().port;
  }
}
