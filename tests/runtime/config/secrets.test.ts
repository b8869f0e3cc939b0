import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { brokerAccess } from '../../../runtime/config/secrets';
import { messageOf } from '../../../runtime/errors';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';

describe('secrets of the broker', () => {
  const broker = { url: 'mqtts://broker', protocol: 'auto', clientId: 'box', username: 'me' } as const;

  it('come from a file, without the line end that editors leave', async (context) => {
    const file = path.join(await temporaryFolder(context), 'password');
    await writeFile(file, 'open sesame \n');
    const { password } = await brokerAccess({ ...broker, password: { file } }, {});
    assert.equal(password, 'open sesame ');
    await writeFile(file, '\n');
    await assert.rejects(
      brokerAccess({ ...broker, password: { file } }, {}),
      refused('CONFIG_INVALID', /found nothing/),
    );
  });

  it('come from the environment', async () => {
    const named = { ...broker, password: { environment: 'BROKER_PASSWORD' } };
    assert.equal((await brokerAccess(named, { BROKER_PASSWORD: 'word' })).password, 'word');
    await assert.rejects(brokerAccess(named, {}), refused('CONFIG_INVALID', /BROKER_PASSWORD/));
  });

  it('are never told', async (context) => {
    const file = path.join(await temporaryFolder(context), 'key.pem');
    await writeFile(file, 'a secret that is no key');
    const error: unknown = await brokerAccess({ ...broker, certFile: file, keyFile: file }, {}).catch(
      (reason: unknown) => reason,
    );
    assert.ok(refused('CONFIG_INVALID', /PEM/)(error));
    assert.doesNotMatch(messageOf(error), /a secret/);
    await assert.rejects(brokerAccess({ ...broker, caFile: '/nonexistent/ca.pem' }, {}), refused('FILE_UNREADABLE'));
  });
});
