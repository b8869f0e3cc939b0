/**
 * Proves that an arm64 machine gets a prebuilt binary of every native dependency: installs the product's dependencies
 * for linux/arm64 into a scratch folder and compares the ELF files with those of this machine's own install.
 *
 *     npm run check:arm64
 */
import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, globSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { repositoryRoot } from '../support/paths';

/** `e_machine` of the ELF header (System V ABI, table "ELF Header"). */
const MACHINES: ReadonlyMap<number, string> = new Map([
  [0x3e, 'x64'],
  [0xb7, 'arm64'],
]);

function machineOf(file: string): string | undefined {
  const header = Buffer.alloc(20);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, header, 0, header.length, 0);
  } finally {
    closeSync(descriptor);
  }
  return header.toString('latin1', 0, 4) === '\x7fELF' ? MACHINES.get(header.readUInt16LE(18)) : undefined;
}

/** Native files of one architecture, with the architecture's name taken out of their paths. Alpine's are left out. */
function nativeFiles(modules: string, packages: readonly string[], machine: string): ReadonlySet<string> {
  const files = packages.flatMap((name) => globSync(`${name}/**/*.{node,so,so.*}`, { cwd: modules }));
  return new Set(
    files
      .filter((file) => !file.includes('musl') && machineOf(path.join(modules, file)) === machine)
      // prebuildify names the generation of an ARM processor, too.
      .map((file) => file.replaceAll(machine, 'ARCH').replace('.armv8.', '.')),
  );
}

/** Folders under node_modules of the packages that the product needs at run time, as the lock file tells. */
function productPackages(): string[] {
  const lock: { packages: Record<string, { dev?: boolean }> } = JSON.parse(
    readFileSync(path.join(repositoryRoot, 'package-lock.json'), 'utf8'),
  );
  return Object.entries(lock.packages)
    .filter(([name, entry]) => name.startsWith('node_modules/') && !entry.dev)
    .map(([name]) => name.slice('node_modules/'.length));
}

function main(): number {
  const scratch = mkdtempSync(path.join(tmpdir(), 'sensebind-arm64-'));
  try {
    for (const file of ['package.json', 'package-lock.json'])
      cpSync(path.join(repositoryRoot, file), path.join(scratch, file));
    const install = spawnSync(
      'npm',
      ['ci', '--os=linux', '--cpu=arm64', '--libc=glibc', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'],
      { cwd: scratch, stdio: 'inherit' },
    );
    if (install.status !== 0) return 1;
    const packages = productPackages();
    const here = nativeFiles(path.join(repositoryRoot, 'node_modules'), packages, process.arch);
    const there = nativeFiles(path.join(scratch, 'node_modules'), packages, 'arm64');
    const missing = [...here].filter((file) => !there.has(file));
    for (const file of here) console.log(`${missing.includes(file) ? 'MISSING' : 'ok     '} ${file}`);
    console.log(`${here.size - missing.length} of ${here.size} native files have an arm64 build`);
    return here.size > 0 && missing.length === 0 ? 0 : 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

process.exitCode = main();
