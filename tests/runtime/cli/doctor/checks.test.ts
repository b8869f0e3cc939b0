import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { deviceDeclarations } from '../../../../devices/catalogue';
import { machinePorts } from '../../../../devices/ports/ports';
import { checkDevices } from '../../../../runtime/cli/doctor/deviceChecks';
import { checkMachine } from '../../../../runtime/cli/doctor/machineChecks';
import { systemClock } from '../../../../runtime/clock';
import { temporaryFolder } from '../../../support/temporaryFolder';

describe('sensebind doctor', () => {
  it('names the package of each program that is missing, and what needs it', async (context) => {
    const folder = await temporaryFolder(context);
    const before = process.env['PATH'];
    process.env['PATH'] = folder;
    context.after(() => {
      process.env['PATH'] = before;
    });
    const roots = { dev: folder, sys: folder, proc: folder };
    const findings = await checkDevices(deviceDeclarations, { ...machinePorts(systemClock), roots });
    const arecord = findings.find(({ what }) => what.includes('arecord'));
    assert.deepEqual(
      [arecord?.kind, arecord?.cure, arecord?.what.includes('Microphone (ALSA)')],
      ['note', 'apt-get install alsa-utils', true],
    );
    assert.equal(findings.filter(({ what }) => what.includes('v4l2-ctl')).length, 1);
  });

  it('says which devices may be opened', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(path.join(folder, 'video0'), '');
    const roots = { dev: folder, sys: folder, proc: folder };
    const findings = await checkDevices(deviceDeclarations, { ...machinePorts(systemClock), roots });
    assert.ok(findings.some(({ kind, what }) => kind === 'ok' && what === `may open ${path.join(folder, 'video0')}`));
  });

  it('notices programs that take devices for themselves', async (context) => {
    const folder = await temporaryFolder(context);
    for (const [id, name] of [
      ['17', 'ModemManager'],
      ['18', 'iio-sensor-prox'],
      ['self', 'brltty'],
    ] as const) {
      await mkdir(path.join(folder, id));
      await writeFile(path.join(folder, id, 'comm'), `${name}\n`);
    }
    const findings = await checkMachine({ dev: folder, sys: folder, proc: folder });
    const rivals = findings.filter(({ what }) => what.includes(' runs: '));
    assert.deepEqual(
      rivals.map(({ kind, what }) => `${kind} ${what.split(' ')[0]}`),
      ['note ModemManager', 'note iio-sensor-proxy'],
    );
    assert.ok(rivals.every(({ cure }) => cure?.startsWith('systemctl')));
  });
});
