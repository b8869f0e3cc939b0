import type { RandomAccess } from './randomAccess';
import { corrupt, unsupported } from './refusals';

const ZIP_LOCAL_HEADER = 'PK\x03\x04';
/** Where a tar archive has the word `ustar` (POSIX.1-1988, ustar header block). */
const TAR_MAGIC_POSITION = 257;
const HEAD_BYTES = TAR_MAGIC_POSITION + 5;
const PICKLE_PROTOCOL = 0x80;

/**
 * Lets only a zip container pass, and names the others that weights come in.
 *
 * @throws {SensebindError} `CHECKPOINT_LAYOUT` for another known container, `CHECKPOINT_CORRUPT` for unknown bytes.
 */
export async function requireZipContainer(access: RandomAccess): Promise<void> {
  const head = Buffer.alloc(Math.min(HEAD_BYTES, access.size));
  await access.readInto(head, 0);
  const latin = head.toString('latin1');
  if (latin.startsWith(ZIP_LOCAL_HEADER)) return;
  const container = otherContainer(head, latin);
  if (container === undefined) {
    throw corrupt('Expected a PyTorch zip checkpoint; the first bytes are those of no container that is known here.');
  }
  throw unsupported(
    `Expected a PyTorch zip checkpoint; found ${container.name}.`,
    `Save it again in the zip format with PyTorch 1.6 or newer: ${container.resave}.`,
  );
}

interface OtherContainer {
  readonly name: string;
  readonly resave: string;
}

function otherContainer(head: Buffer, latin: string): OtherContainer | undefined {
  const resaveLoaded = 'torch.save(torch.load("old.pth", map_location="cpu", weights_only=True), "new.pth")';
  if (head[0] === PICKLE_PROTOCOL)
    return { name: 'a bare pickle, as torch.save wrote before 1.6', resave: resaveLoaded };
  if (latin.startsWith('ustar', TAR_MAGIC_POSITION)) {
    return { name: 'a tar archive, as torch.save wrote before 0.1.10', resave: resaveLoaded };
  }
  if (latin.startsWith('\x1f\x8b')) return { name: 'a gzip file', resave: `unpack it first, then ${resaveLoaded}` };
  return undefined;
}
