import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import Type, { type Static } from '#typebox';
import { Compile } from '#typebox/compile';
import type { Manifest } from '../../../models/bundle/manifest';
import { systemFailure } from '../../../models/bundle/workspace';
import type { Clock } from '../../clock';
import { SensebindError } from '../../errors';
import { confirm, isSomebodyThere } from '../ask';
import { printLicence } from '../bundle';
import type { OutputOptions } from '../output';

/** That somebody has accepted a licence: kept beside the file that it is of. */
const Acceptance = Type.Object({
  format: Type.Literal('sensebind-licence/1'),
  licence: Type.String(),
  licenceSource: Type.String(),
  /** Where the file comes from. */
  source: Type.String(),
  acceptedAt: Type.String(),
  by: Type.Union([Type.Literal('answer'), Type.Literal('--accept-licence')]),
});
export type Acceptance = Static<typeof Acceptance>;
const acceptanceValidator = Compile(Acceptance);

export interface LicenceQuestion extends OutputOptions {
  readonly licence: Manifest['licence'];
  /** The file that it is of. */
  readonly file: string;
  readonly source: string;
  readonly acceptLicence?: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Shows a licence and asks whether it is accepted, once for each file: the answer is kept beside it.
 *
 * @throws {SensebindError} `LICENCE_NOT_ACCEPTED` when it is not, or when nobody is there to ask; `FILE_UNWRITABLE`,
 * `DISK_FULL`.
 */
export async function requireAcceptance(question: LicenceQuestion): Promise<Acceptance> {
  const { licence, file, source, clock, signal } = question;
  const known = await readAcceptance(file, licence);
  if (known !== undefined) return known;
  printLicence(licence);
  const by = await answerOf(question, signal);
  const acceptance: Acceptance = {
    format: 'sensebind-licence/1',
    licence: licence.name,
    licenceSource: licence.source,
    source,
    acceptedAt: new Date(clock.epochMicros() / 1000).toISOString(),
    by,
  };
  await writeWhole(acceptanceFile(file), acceptance);
  return acceptance;
}

/** The file beside another that tells that its licence was accepted. */
export function acceptanceFile(file: string): string {
  return `${file}.licence.json`;
}

/** Writes JSON that is whole or absent. @throws {SensebindError} `FILE_UNWRITABLE`, `DISK_FULL`. */
export async function writeWhole(file: string, value: unknown): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { flush: true });
    await rename(`${file}.new`, file);
  } catch (error) {
    throw systemFailure(error, file);
  }
}

async function answerOf(question: LicenceQuestion, signal: AbortSignal): Promise<Acceptance['by']> {
  const { licence, acceptLicence, json } = question;
  if (acceptLicence === true) return '--accept-licence';
  const isThere = isSomebodyThere(json === undefined ? {} : { json });
  if (isThere && (await confirm(`Do you accept the licence ${licence.name}?`, signal))) return 'answer';
  throw new SensebindError(
    'LICENCE_NOT_ACCEPTED',
    `Expected that the licence ${licence.name} (${licence.source}) is accepted, found ${isThere ? 'that it is not' : 'nobody to ask'}`,
    isThere
      ? 'Without it the weights cannot be used. The model "mini", which is part of this package, has no such licence.'
      : 'Read it, and say that you accept it with --accept-licence.',
  );
}

async function readAcceptance(file: string, licence: Manifest['licence']): Promise<Acceptance | undefined> {
  const text = await readFile(acceptanceFile(file), 'utf8').catch(() => 'null');
  try {
    const value: unknown = JSON.parse(text);
    return acceptanceValidator.Check(value) && value.licence === licence.name ? value : undefined;
  } catch {
    // Not ours, or damaged: the question is asked again.
    return undefined;
  }
}
