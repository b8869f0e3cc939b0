import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { DeviceDeclaration, DeviceNeeds } from '../../../devices/device';
import type { DeviceRoots, Ports } from '../../../devices/ports/ports';
import type { Finding } from './finding';

/** Programs and rights that kinds of devices declare as needed, each looked at once. */
export async function checkDevices(
  declarations: readonly DeviceDeclaration[],
  ports: Ports,
): Promise<readonly Finding[]> {
  const programs = await Promise.all(programsOf(declarations).map(checkProgram));
  const files = await Promise.all(filesOf(declarations).map((files) => checkFiles(files, ports.roots)));
  return [...programs, ...files.flat()];
}

interface NeededProgram {
  readonly program: string;
  readonly debianPackage: string;
  /** Titles of the devices that need it. */
  readonly titles: readonly string[];
}

function programsOf(declarations: readonly DeviceDeclaration[]): readonly NeededProgram[] {
  const needed = new Map<string, NeededProgram>();
  for (const { title, needs } of declarations) {
    for (const { program, debianPackage } of needs?.programs ?? []) {
      const titles = [...(needed.get(program)?.titles ?? []), title];
      needed.set(program, { program, debianPackage, titles });
    }
  }
  return [...needed.values()];
}

async function checkProgram({ program, debianPackage, titles }: NeededProgram): Promise<Finding> {
  if (await isOnPath(program)) return { kind: 'ok', what: `program ${program}` };
  return {
    kind: 'note',
    what: `program ${program} is missing; needed for: ${titles.join(', ')}`,
    cure: `apt-get install ${debianPackage}`,
  };
}

async function isOnPath(program: string): Promise<boolean> {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const found = await Promise.all(folders.map((folder) => isAllowed(path.join(folder, program), constants.X_OK)));
  return found.includes(true);
}

type NeededFiles = NonNullable<DeviceNeeds['files']>;

function filesOf(declarations: readonly DeviceDeclaration[]): readonly NeededFiles[] {
  const needed = new Map<string, NeededFiles>();
  for (const { needs } of declarations) {
    if (needs?.files !== undefined) needed.set(`${needs.files.folder}/${needs.files.name.source}`, needs.files);
  }
  return [...needed.values()];
}

/** Devices that are plugged in, and that this user may not open. */
async function checkFiles({ folder, name, group }: NeededFiles, roots: DeviceRoots): Promise<readonly Finding[]> {
  const place = path.join(roots.dev, path.relative('/dev', folder));
  const names = (await readdir(place).catch((): string[] => [])).filter((file) => name.test(file)).sort();
  return Promise.all(
    names.map(async (file) => {
      const device = path.join(place, file);
      if (await isAllowed(device, constants.R_OK | constants.W_OK)) return { kind: 'ok', what: `may open ${device}` };
      const { username } = os.userInfo();
      const owner = await stat(device).catch(() => undefined);
      return {
        kind: 'problem',
        what: `${username} may not open ${device}${owner === undefined ? '' : ` (group ${owner.gid})`}`,
        cure: `usermod -aG ${group} ${username}, then log in again`,
      };
    }),
  );
}

function isAllowed(file: string, mode: number): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}
