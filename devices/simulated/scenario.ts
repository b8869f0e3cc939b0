import { LineCounter, parseDocument } from 'yaml';
import Type, { type Static } from '#typebox';
import { Compile } from '#typebox/compile';
import { messageOf, SensebindError } from '../../runtime/errors';
import { eventOf, events } from './events/catalogue';
import { Random, seedOf } from './random';
import { type RoomKind, rooms } from './rooms';
import type { Happening } from './scene';
import { FixedTimeline, type Timeline } from './timeline';

/** A world to be: its place from the seed, its events from the plan. */
export interface Scenario {
  readonly seed: number;
  readonly room: RoomKind;
  readonly mounting?: 'robot' | 'building';
  readonly timeline: Timeline;
}

const FORBID = { additionalProperties: false } as const;

const Entry = Type.Object(
  {
    at: Type.Number({ minimum: 0, maximum: 86_400, description: 'Seconds from the start.' }),
    event: Type.String({ minLength: 1, maxLength: 64, description: 'Id of an event, or "calm" to end all others.' }),
    for: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 86_400, description: 'Seconds. Default: until calm, or the end.' }),
    ),
    strength: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'Default: by the seed.' })),
    across: Type.Optional(
      Type.Number({ minimum: -1, maximum: 1, description: '-1 left, 1 right. Default: by the seed.' }),
    ),
    away: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: '0 near, 1 far. Default: by the seed.' })),
  },
  FORBID,
);

const ScenarioDocument = Type.Object(
  {
    version: Type.Literal(1),
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1, description: 'Default: 1.' })),
    room: Type.Optional(Type.String({ description: 'Kind of room. Default: by the seed.' })),
    mounting: Type.Optional(Type.Enum(['robot', 'building'], { description: 'Default: by the seed.' })),
    length: Type.Number({ exclusiveMinimum: 0, maximum: 86_400, description: 'Seconds.' }),
    events: Type.Array(Entry, { maxItems: 10_000 }),
  },
  FORBID,
);

const validator = Compile(ScenarioDocument);

/** A script of a few hours is a few hundred kilobytes. */
const MAX_BYTES = 2 ** 20;
const MAX_ALIASES = 0;
const CALM = 'calm';

/**
 * Reads a script:
 *
 *     version: 1
 *     seed: 7
 *     room: kitchen
 *     length: 60
 *     events:
 *       - { at: 12, event: glass_break, for: 8 }
 *       - { at: 30, event: person_fallen, strength: 0.9 }
 *       - { at: 45, event: calm }
 *
 * @param file - What errors call it.
 * @throws {SensebindError} `CONFIG_INVALID` with file and line of every problem.
 */
export function parseScenario(text: string, file: string): Scenario {
  if (Buffer.byteLength(text) > MAX_BYTES) {
    throw invalid([{ place: file, message: `expected at most ${MAX_BYTES} bytes, found ${Buffer.byteLength(text)}` }]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const placeOf = (offset: number | undefined): string => {
    const { line, col } = lines.linePos(offset ?? 0);
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  if (document.errors.length > 0) {
    throw invalid(
      document.errors.map(({ pos, message }) => ({
        place: placeOf(pos[0]),
        message: `expected YAML, found: ${message}`,
      })),
    );
  }
  const locate = (path: readonly (string | number)[]): string => placeOf(offsetOf(document, path));
  const value = toValue(() => document.toJS({ maxAliasCount: MAX_ALIASES }), file);
  if (!validator.Check(value)) {
    throw invalid(
      [...validator.Errors(value)].map(({ instancePath, message }) => {
        const path = keysOf(instancePath);
        return { place: locate(path), message: `${path.join('.')} ${message}`.trim() };
      }),
    );
  }
  const problems = unknownNames(value, locate);
  if (problems.length > 0) throw invalid(problems);
  return scenarioOf(value);
}

type ParsedScenario = Static<typeof ScenarioDocument>;

interface Problem {
  readonly place: string;
  readonly message: string;
}

function unknownNames(value: ParsedScenario, locate: (path: readonly (string | number)[]) => string): Problem[] {
  const isRoom = value.room === undefined || rooms.some(({ id }) => id === value.room);
  const names = events.map(({ id }) => id);
  const inRoom = isRoom
    ? []
    : [
        {
          place: locate(['room']),
          message: `expected a room of ${rooms.map(({ id }) => id).join(', ')}, found "${value.room}"`,
        },
      ];
  const inEvents = value.events.flatMap(({ event, at }, index) => {
    const path = ['events', index, 'event'];
    if (event !== CALM && !names.includes(event)) {
      return [{ place: locate(path), message: `expected ${CALM} or one of ${names.join(', ')}, found "${event}"` }];
    }
    if (at >= value.length) {
      const place = locate(['events', index, 'at']);
      return [{ place, message: `expected a time before the length of ${value.length} s, found ${at} s` }];
    }
    if (value.mounting === 'building' && eventOf(event)?.mounting === 'robot') {
      return [{ place: locate(path), message: `expected "mounting: robot" for "${event}", found building` }];
    }
    return [];
  });
  return [...inRoom, ...inEvents];
}

const DEFAULT_SEED = 1;

function scenarioOf(value: ParsedScenario): Scenario {
  const seed = value.seed ?? DEFAULT_SEED;
  const calms = value.events.filter(({ event }) => event === CALM).map(({ at }) => at);
  const happenings = value.events.flatMap((entry, index): Happening[] => {
    const event = eventOf(entry.event);
    if (event === undefined) return [];
    const random = new Random(seedOf(seed, 'entry', index));
    const calm = Math.min(value.length, ...calms.filter((at) => at > entry.at));
    const [strength, across, away] = [random.next(), random.between(-1, 1), random.next()];
    return [
      {
        event,
        seed: seedOf(seed, 'entry', index, 'details'),
        startSeconds: entry.at,
        endSeconds: Math.min(calm, entry.for === undefined ? Number.POSITIVE_INFINITY : entry.at + entry.for),
        strength: entry.strength ?? strength,
        place: { across: entry.across ?? across, away: entry.away ?? away },
      },
    ];
  });
  // What happens to robots only needs one.
  const mounting = value.mounting ?? (happenings.some(({ event }) => event.mounting) ? 'robot' : undefined);
  return {
    seed,
    room: rooms.find(({ id }) => id === value.room) ?? new Random(seedOf(seed, 'room')).pick(rooms),
    timeline: new FixedTimeline(happenings, value.length),
    ...(mounting === undefined ? {} : { mounting }),
  };
}

function toValue(convert: () => unknown, file: string): unknown {
  try {
    return convert();
  } catch (error) {
    throw invalid([{ place: file, message: `expected plain YAML, found: ${messageOf(error)}` }]);
  }
}

/** Where a value stands: at its own node, or that of the innermost parent that exists. */
function offsetOf(document: ReturnType<typeof parseDocument>, path: readonly (string | number)[]): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) {
      return Number(node.range[0]);
    }
  }
  return document.contents?.range?.[0];
}

function keysOf(pointer: string): (string | number)[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => (/^\d+$/.test(key) ? Number(key) : key));
}

function invalid(problems: readonly Problem[]): SensebindError {
  const list = problems.map(({ place, message }) => `\n  ${place}: ${message}`).join('');
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return new SensebindError(
    'CONFIG_INVALID',
    `expected a valid scenario, found ${count}:${list}\n`,
    'correct the lines above; docs/world/README.md shows the format',
  );
}
