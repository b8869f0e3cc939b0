import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { connectAsync } from 'mqtt';
import type { EventMessage } from '../../runtime/mqtt/eventMessage';
import type { HealthMessage, SourceMessage } from '../../runtime/mqtt/messages';
import { withCleanUp } from '../support/cleanUp';
import { startMosquitto } from '../support/mosquitto';
import { compiled } from '../support/paths';
import { temporaryFolder } from '../support/temporaryFolder';
import { tinyBundle } from '../support/tinyBundle';
import { type Found, problemsOf } from './found';

const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');

/** Why the wall clock of a process cannot be set; `false` when it can. */
export const withoutFaketime: string | false =
  library === undefined ? 'faketime is missing: apt-get install faketime' : false;

/** Offsets of the wall clock, in seconds, one after the other; the process starts at the first. */
const OFFSETS = [0, 3600, 0, -86_400] as const;

/** Row F14: a real `sensebind run` whose wall clock is set while it runs. Its monotonic clock is left alone. */
export function clockJumpsRun(): Promise<Found> {
  return withCleanUp(async (context) => {
    const tiny = await tinyBundle({ trained: true });
    context.after(() => tiny.remove());
    const folder = await temporaryFolder(context);
    const broker = await startMosquitto();
    context.after(() => broker.stop());
    const file = path.join(folder, 'config.yaml');
    const sensor = 'hop: 500ms, labels: [house]';
    await writeFile(
      file,
      `version: 1
node: box
bundle: ${tiny.directory}
broker: { url: '${broker.url}', protocol: '5' }
spool: { folder: ${path.join(folder, 'spool')} }
sources:
  imu0: { device: { kind: simulated-imu }, window: 500ms, ${sensor} }
labels:
  house: { labels: [{ id: dog }, { id: door_bell }], background: [silence] }
rules:
  still: { when: { measure: acceleration_g, of: imu0, above: 0.5 } }
  always: { when: { label: dog, of: imu0, on: 0 } }
`,
    );
    const subscriber = await connectAsync(broker.url, { protocolVersion: 5 });
    context.after(() => subscriber.endAsync(true));
    const messages: { readonly topic: string; readonly text: string }[] = [];
    let onMessage = (): void => undefined;
    subscriber.on('message', (topic, payload) => {
      messages.push({ topic, text: payload.toString() });
      onMessage();
    });
    await subscriber.subscribeAsync('sensebind/v1/box/#', { qos: 1 });
    const until = (fits: () => boolean): Promise<void> =>
      new Promise((resolve) => {
        onMessage = () => fits() && resolve();
        onMessage();
      });
    const times = path.join(folder, 'time');
    const setClock = async (offset: number): Promise<void> => {
      await writeFile(`${times}.new`, `${offset < 0 ? '' : '+'}${offset}\n`);
      await rename(`${times}.new`, times);
    };
    await setClock(OFFSETS[0]);
    const child = spawn(process.execPath, [compiled('runtime/cli/main'), 'run', file], {
      env: {
        ...process.env,
        XDG_STATE_HOME: folder,
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: times,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
      stdio: 'ignore',
    });
    const exited = once(child, 'exit');
    context.after(async () => void child.kill('SIGKILL'));
    const on = (end: string): readonly string[] =>
      messages.filter(({ topic }) => topic.endsWith(end)).map(({ text }) => text);
    const scored = (): number => on('/scores').length;
    await until(() => on('/event/still').length > 0 && on('/event/always').length > 0);
    for (const offset of OFFSETS.slice(1)) {
      await setClock(offset);
      // Two windows that begin after the jump.
      const before = scored();
      await until(() => scored() >= before + 4);
    }
    child.kill('SIGTERM');
    await until(() => on('box/status').at(-1) === 'stopped');
    const [code] = await exited;
    const last: SourceMessage = JSON.parse(on('imu0/state').at(-1) ?? '{}');
    const offsetHours = (last.since / 1e6 - Date.now() / 1000) / 3600;
    const events = messages
      .filter(({ topic }) => topic.includes('/event/'))
      .map(({ text }): EventMessage => JSON.parse(text));
    const begun = events.filter(({ phase }) => phase === 'new');
    const negative = events.filter(
      ({ t_start, t_end, t_detect }) => t_detect < t_start || (t_end !== null && t_end < t_start),
    );
    const beats = on('/health').map((text): HealthMessage => JSON.parse(text));
    const drops = beats.at(-1)?.drops ?? {};
    return {
      description:
        `sensebind run with its wall clock set to ${OFFSETS.map((offset) => `${offset / 3600} h`).join(', ')}: ` +
        `${scored()} scores, ${begun.length} events began, ${events.length} messages of events, ${negative.length} of negative length, ` +
        `its clock followed to ${offsetHours.toFixed(2)} h at the end, exit code ${code}`,
      problems: problemsOf({
        'an event storm': begun.length !== 2,
        'events of negative length': negative.length > 0,
        'an id twice': new Set(begun.map(({ id }) => id)).size < begun.length,
        'taken for late': messages.some(({ topic }) => topic.includes('/backfill/')),
        'expired messages': (drops['spool_expired'] ?? 0) > 0,
        'does not follow the wall clock': Math.abs(offsetHours * 3600 - (OFFSETS.at(-1) ?? 0)) > 60,
        [`exit code ${code}`]: code !== 0,
      }),
    };
  });
}
