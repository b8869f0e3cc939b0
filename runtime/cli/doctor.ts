import type { Command } from 'commander';
import { deviceDeclarations } from '../../devices/catalogue';
import { machinePorts } from '../../devices/ports/ports';
import { systemClock } from '../clock';
import { checkDeviceCaches } from './doctor/deviceCacheCheck';
import { checkDevices } from './doctor/deviceChecks';
import type { Finding } from './doctor/finding';
import { checkMachine } from './doctor/machineChecks';
import { CACHE_CONFIG_HELP } from './namedDeviceCache';
import { NegativeResult, type OutputOptions, print, printJson } from './output';

/** `sensebind doctor`: what is missing on this machine, and how to mend it. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say what is missing on this machine, and how to mend it')
    .option('--config <file>', `${CACHE_CONFIG_HELP}, and that of the service where it has one`)
    .option('--json', 'print one JSON document')
    .action(doctor);
}

const MARKS = { ok: 'ok     ', note: 'note   ', problem: 'PROBLEM' } as const;

/** @throws {NegativeResult} when there is a problem. */
async function doctor({ json, config }: OutputOptions & { readonly config?: string }): Promise<void> {
  const ports = machinePorts(systemClock);
  const findings: readonly Finding[] = [
    ...(await checkMachine(ports.roots)),
    ...(await checkDeviceCaches(config)),
    ...(await checkDevices(deviceDeclarations, ports)),
  ];
  if (json) printJson({ findings });
  else for (const finding of findings) print(lineOf(finding));
  const problems = findings.filter(({ kind }) => kind === 'problem').length;
  if (problems === 0) return;
  if (!json) print(`\n${problems === 1 ? 'One problem' : `${problems} problems`} to mend.`);
  throw new NegativeResult('something is missing');
}

function lineOf({ kind, what, cure }: Finding): string {
  return `${MARKS[kind]}  ${what}${cure === undefined ? '' : `\n         → ${cure}`}`;
}
