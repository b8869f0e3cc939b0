import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HangUps } from '../../../../runtime/cli/service/hangUps';

describe('SIGHUP', () => {
  it('does not end a process that begins or ends, and reaches whoever listens in between', (context) => {
    const hangUps = new HangUps();
    context.after(() => hangUps.close());
    let heard = 0;
    assert.equal(process.emit('SIGHUP'), true, 'nobody listens yet');
    const listenNoMore = hangUps.listen(() => heard++);
    assert.equal(heard, 1, 'what came before is told');
    process.emit('SIGHUP');
    assert.equal(heard, 2);
    listenNoMore();
    assert.equal(process.emit('SIGHUP'), true, 'nobody listens any more');
    assert.equal(heard, 2);
    hangUps.close();
    assert.equal(process.listenerCount('SIGHUP'), 0);
  });
});
