import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { redirectedTo } from '../../../../runtime/cli/download/address';
import { retryAfterMillis } from '../../../../runtime/cli/download/retryAfter';
import { describeRate, TransferRate } from '../../../../runtime/cli/download/transferRate';
import { ManualClock } from '../../../support/manualClock';
import { refused } from '../../../support/refused';

describe('a redirect', () => {
  const from = new URL('https://example.org/weights.pth');

  it('leads from https to https only, whatever is known of the file', () => {
    for (const isHashKnown of [false, true]) {
      assert.equal(redirectedTo('https://cdn.example.org/a', from, { isHashKnown }).host, 'cdn.example.org');
      assert.equal(redirectedTo('//cdn.example.org/a', from, { isHashKnown }).protocol, 'https:');
      for (const location of ['http://example.org/a', 'http://127.0.0.1/a', undefined]) {
        assert.throws(() => redirectedTo(location, from, { isHashKnown }), refused('DOWNLOAD_REFUSED'));
      }
    }
  });

  it('takes no password along', () => {
    assert.equal(redirectedTo('https://me:secret@a.org/', from, { isHashKnown: false }).href, 'https://a.org/');
  });
});

describe('Retry-After (RFC 9110 §10.2.3)', () => {
  it('is seconds or a date', () => {
    const clock = new ManualClock();
    clock.epochStartMicros = Date.UTC(1999, 11, 31, 23, 59, 49) * 1000;
    assert.equal(retryAfterMillis('120', clock), 120_000);
    assert.equal(retryAfterMillis('Fri, 31 Dec 1999 23:59:59 GMT', clock), 10_000);
    assert.equal(retryAfterMillis('Fri, 31 Dec 1999 23:00:00 GMT', clock), 0);
    for (const text of [undefined, '', 'soon', '-1x', '1e99z'])
      assert.equal(retryAfterMillis(text, clock), undefined, text);
  });
});

describe('the rate of a download', () => {
  it('is that of the last seconds, and counts nothing that was here before', () => {
    const clock = new ManualClock();
    const rate = new TransferRate(clock);
    assert.equal(describeRate(rate.update(1_000_000_000)), '');
    clock.sleep(1000);
    assert.equal(describeRate(rate.update(1_002_000_000)), '2.00 MB/s');
    for (let second = 0; second < 30; second++) {
      clock.sleep(1000);
      rate.update(1_002_000_000 + second * 8_000_000);
    }
    assert.equal(rate.update(1_002_000_000 + 29 * 8_000_000), 8_000_000);
  });

  it('begins anew when the download does', () => {
    const clock = new ManualClock();
    const rate = new TransferRate(clock);
    rate.update(5_000_000);
    clock.sleep(1000);
    assert.equal(rate.update(0), undefined);
  });
});
