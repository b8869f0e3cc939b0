import Type from '#typebox';
import { DURATION_PATTERN } from './duration';

/** What a configuration says of the service itself: what it tells of its health, and how it computes. */

const FORBID = { additionalProperties: false } as const;

export const Metrics = Type.Object(
  {
    host: Type.Optional(
      Type.String({
        pattern: '^([0-9.]{7,15}|[0-9A-Fa-f:.]{2,45}|localhost)$',
        title: 'an IP address such as 127.0.0.1 or 0.0.0.0',
        description: 'Where to listen. Other addresses than those of this machine need a password. Default: 127.0.0.1.',
      }),
    ),
    port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535, description: 'Default: 9464. 0: any free one.' })),
    username: Type.Optional(
      Type.String({
        pattern: '^[^:\\x00-\\x1f\\x7f]{1,256}$',
        title: 'a user name without ":"',
        description: 'Of who may read.',
      }),
    ),
    passwordFile: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, title: 'the path of a file' })),
    passwordEnv: Type.Optional(
      Type.String({ title: 'the name of an environment variable', pattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$' }),
    ),
  },
  { ...FORBID, description: 'Offers what is measured at /metrics, for Prometheus. Left out: it is not offered.' },
);

export const Inference = Type.Object(
  {
    runtime: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4096,
        title: 'the name or path of an onnxruntime module',
        description: 'A build of your own, as on Jetson. Default: onnxruntime-node.',
      }),
    ),
    providers: Type.Optional(
      Type.Array(
        Type.String({ pattern: '^[a-z][a-z0-9_-]{0,31}$', title: 'a provider such as tensorrt, cuda or cpu' }),
        {
          minItems: 1,
          maxItems: 8,
          description: 'What computes, by preference. Default: cuda where it is installed, then cpu.',
        },
      ),
    ),
    workers: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 64,
        description: 'Threads that hold encoders. Default: by the number of cores.',
      }),
    ),
    threads: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 256,
        description:
          'Threads that each of them computes with. Default: by the number of cores, and one for small encoders.',
      }),
    ),
    stuckAfter: Type.Optional(
      Type.String({
        pattern: DURATION_PATTERN,
        title: 'a duration such as 10s',
        description: 'A call of an encoder that takes longer ends the process, to be started again. Default: 10s.',
      }),
    ),
    deviceCache: Type.Optional(
      Type.Object(
        {
          enabled: Type.Optional(Type.Boolean({ description: 'Default: true.' })),
          folder: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 4096,
              title: 'the path of a folder',
              description: 'Default: sensebind/encoders in $XDG_CACHE_HOME, else in ~/.cache.',
            }),
          ),
          maxGigabytes: Type.Optional(
            Type.Number({ exclusiveMinimum: 0, maximum: 1000, description: 'Of all copies together. Default: 12.' }),
          ),
          keepFreeGigabytes: Type.Optional(
            Type.Number({ minimum: 0, maximum: 1000, description: 'Left free on the disk. Default: 2.' }),
          ),
        },
        {
          ...FORBID,
          description: 'Prepacked copies of large encoders: less memory and faster starts for twice the disk.',
        },
      ),
    ),
    checkMemory: Type.Optional(
      Type.Boolean({ description: 'Whether encoders that cannot fit in memory are refused. Default: true.' }),
    ),
  },
  FORBID,
);
