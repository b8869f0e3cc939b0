import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type MotionLine, type MotionLineOptions, MotionLineParser } from '../../../devices/imu/motionLines';
import { motionLines } from '../../../devices/imu/motionLinesDevice';
import type { SensebindError } from '../../../runtime/errors';
import { deviceContext } from '../../support/deviceContext';
import { ManualClock } from '../../support/manualClock';
import { refused } from '../../support/refused';
import { collectingSink } from '../../support/sinks';
import { testStream } from '../../support/streams';
import { cutAt } from '../cut';

function linesOf(text: string | readonly Uint8Array[], options: MotionLineOptions = {}) {
  const failures: SensebindError[] = [];
  const parser = new MotionLineParser(options, (error) => failures.push(error));
  const lines: MotionLine[] = [];
  for (const chunk of typeof text === 'string' ? [Buffer.from(text)] : text) {
    parser.append(chunk);
    for (let line = parser.next(); line; line = parser.next()) lines.push(line);
    assert.ok(parser.pending <= 1024);
  }
  return { lines, failures, pending: parser.pending };
}

type Sample = MotionLine & { readonly kind: 'sample' };
const samplesOf = (text: string | readonly Uint8Array[], options?: MotionLineOptions): Sample[] =>
  linesOf(text, options).lines.filter((line): line is Sample => line.kind === 'sample');

/** The checksum is the one that NMEA 0183 defines; this sentence's was computed with an independent tool. */
const SENTENCE = '$IMU,0.1,0.2,9.8,1,2,3*4D';

describe('lines of motion', () => {
  it('reads JSON, with units in the options', () => {
    const [sample] = samplesOf('{"t":1500,"ax":0,"ay":0,"az":1,"gx":180,"gy":0,"gz":-90}\n', {
      accelerationUnit: 'g',
      rotationUnit: 'deg/s',
      timeUnit: 'ms',
    });
    assert.deepEqual(sample?.acceleration, [0, 0, 9.80665]);
    assert.deepEqual(sample?.angularVelocity, [Math.PI, 0, -Math.PI / 2]);
    assert.equal(sample?.deviceMicros, 1_500_000);
  });

  it('reads objects in objects, and sensors without a gyroscope', () => {
    const [sample] = samplesOf('{"linear_acceleration":{"x":1,"y":2,"z":9},"name":"imu","list":[1]}\n');
    assert.deepEqual(sample?.acceleration, [1, 2, 9]);
    assert.equal(sample?.angularVelocity, undefined);
    assert.equal(sample?.deviceMicros, undefined);
  });

  it('reads values below a header line, with any separator and line end', () => {
    for (const [separator, end] of [
      [',', '\n'],
      [';', '\r\n'],
      ['\t', '\n'],
    ] as const) {
      const header = ['time (s)', 'ax [g]', 'ay [g]', 'az [g]', 'gx', 'gy', 'gz'].join(separator);
      const [sample] = samplesOf(`${header}${end}${['2.5', '0', '0', '1', '1', '2', '3'].join(separator)}${end}`);
      assert.deepEqual(sample?.acceleration, [0, 0, 9.80665]);
      assert.deepEqual(sample?.angularVelocity, [1, 2, 3]);
      assert.equal(sample?.deviceMicros, 2_500_000);
    }
  });

  it('reads values without a header line where the columns are given, but not a first line that may be cut', () => {
    const columns = ['ax', 'ay', 'az', 'other', 'gx', 'gy', 'gz'];
    const samples = samplesOf('1,2,9,0,4,5,6\n1.5,2,9,0,4,5,6\n', { columns });
    assert.deepEqual(
      samples.map(({ acceleration }) => acceleration),
      [[1.5, 2, 9]],
    );
  });

  it('takes names that are none of the usual ones', () => {
    const names = { ax: 'A', ay: 'B', az: 'C' };
    assert.deepEqual(samplesOf('{"A":1,"B":2,"C":9}\n', { names })[0]?.acceleration, [1, 2, 9]);
  });

  it('checks the checksum of a sentence, and takes none without one any more', () => {
    const columns = ['ax', 'ay', 'az', 'gx', 'gy', 'gz'];
    const wrong = SENTENCE.replace('9.8', '9.9');
    const bare = SENTENCE.replace(/\*.*/, '');
    const { lines } = linesOf(`${SENTENCE}\r\n${wrong}\r\n${bare}\r\n${SENTENCE}\r\n`, { columns });
    assert.deepEqual(
      lines.map(({ kind }) => kind),
      ['sample', 'discarded', 'discarded', 'sample'],
    );
    assert.equal(samplesOf(`\n${bare}\n`, { columns }).length, 1);
  });

  it('passes over what a board says when it starts, and reads a header line that comes again', () => {
    const header = 'ax,ay,az,gx,gy,gz\n';
    const { lines } = linesOf(`MPU6050 connected!\n${header}0,0,9.8,0,0,0\n\nhello\n${header}0,0,9.8,0,0,0\n`);
    assert.deepEqual(
      lines.map(({ kind }) => kind),
      ['discarded', 'noSample', 'sample', 'noSample', 'discarded', 'noSample', 'sample'],
    );
  });

  it('discards lines with a value that is missing, not a number, or one too many', () => {
    const header = 'ax,ay,az,gx,gy,gz\n';
    for (const line of ['0,0,9.8,0,0', '0,0,9.8,0,0,0,0', '0,,9.8,0,0,0', '0,0,9q8,0,0,0', '0,0,0x9,0,0,0']) {
      assert.deepEqual(samplesOf(`${header}${line}\n`), [], line);
    }
    for (const line of ['{"ax":0', '{"ax":0,"ay":0}', '{"ax":"0","ay":0,"az":9.8}', '{"ax":null,"ay":0,"az":9.8}']) {
      assert.deepEqual(samplesOf(`${line}\n`), [], line);
    }
  });

  it('gives up, with a cure, when nobody says what the columns or the unit of time are', () => {
    const { failures } = linesOf('0,0,9.8,0,0,0\n'.repeat(30));
    assert.equal(failures.length, 1);
    assert.ok(refused('INPUT_INVALID', /header line/)(failures[0]));
    assert.ok(refused('INPUT_INVALID', /without a unit/)(linesOf('t,ax,ay,az,gx,gy,gz\n').failures[0]));
  });

  it('discards a line that does not end, and reads on behind it', () => {
    const header = 'ax,ay,az,gx,gy,gz\n';
    const chunks = [header, ...Array.from({ length: 50 }, () => '1234567,'.repeat(20)), '\n0,0,9.8,0,0,0\n'];
    const { lines } = linesOf(chunks.map((chunk) => Buffer.from(chunk)));
    assert.equal(lines.filter(({ kind }) => kind === 'sample').length, 1);
    assert.equal(
      lines.reduce((sum, { bytes }) => sum + bytes, 0),
      chunks.join('').length,
    );
  });

  it('gives the same samples however the bytes are cut', () => {
    const stream = Buffer.from(
      'ax,ay,az,gx,gy,gz\n1,2,9,4,5,6\r\nnoise\n{"ax":1,"ay":2,"az":9,"gx":1,"gy":2,"gz":3}\n',
    );
    const whole = samplesOf([stream]);
    assert.equal(whole.length, 2);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
        assert.deepEqual(samplesOf(cutAt(stream, cuts)), whole);
      }),
    );
  });

  it('accounts for every byte of any input and never throws', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom('ax,ay,az\n', '1,2,9\n', '{"ax":1}\n', '$', '*00', '\n', ',', '1e999').map(Buffer.from),
      fc.json({ maxDepth: 3 }).map((text) => Buffer.from(`${text}\n`)),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const { lines, pending } = linesOf(pieces);
        const bytes = lines.reduce((sum, line) => sum + line.bytes, 0);
        assert.equal(
          bytes + pending,
          pieces.reduce((sum, one) => sum + one.length, 0),
        );
      }),
    );
  });

  it('wants a path, or a host and a port', () => {
    for (const address of [{}, { path: '/dev/ttyUSB0', host: 'box', port: 1 }, { host: 'box' }]) {
      assert.throws(
        () => motionLines.open({ kind: 'motion-lines', ...address }, deviceContext()),
        refused('CONFIG_INVALID', /a path, or with a host/),
      );
    }
    assert.throws(
      () => motionLines.open({ kind: 'motion-lines', path: 'x', columns: ['a', 'b', 'c'] }, deviceContext()),
      refused('INPUT_INVALID', /one column for ax/),
    );
  });
});

describe('a board that prints the same numbers', () => {
  const still = async (options: object, millis: number) => {
    const clock = new ManualClock();
    const stream = testStream();
    const stop = new AbortController();
    const device = { kind: 'motion-lines', path: '/dev/a', columns: ['ax', 'ay', 'az'], ...options };
    const driver = motionLines.open(device, deviceContext({ clock, ports: { serial: () => stream.open } }));
    const run = driver.run(collectingSink(), stop.signal);
    // The rejection is looked at later.
    run.catch(() => undefined);
    for (let elapsed = 0; elapsed <= millis; elapsed += 1000) {
      stream.send(Buffer.from('0.0,0.0,9.8\n'));
      await clock.advance(1000);
    }
    stop.abort();
    await run;
  };

  it('counts as frozen after a minute, unless it may stand still', async () => {
    await still({}, 50_000);
    await assert.rejects(still({}, 70_000), refused('DEVICE_FROZEN', /60 s/));
    await still({ mayStandStill: true }, 70_000);
  });
});
