import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeProcessor } from '../../../../runtime/inference/deviceCache/processor';

// As /proc/cpuinfo of a Raspberry Pi 5 and of an Intel N100 has it, shortened to two cores.
const PI5 = [0, 1]
  .map(
    (core) => `processor	: ${core}
BogoMIPS	: 108.00
Features	: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x4
CPU part	: 0xd0b
CPU revision	: 1
`,
  )
  .join('\n');
const N100 = [0, 1]
  .map(
    (core) => `processor	: ${core}
vendor_id	: GenuineIntel
cpu family	: 6
model		: 190
model name	: Intel(R) N100
stepping	: 0
microcode	: 0x17
cpu MHz		: ${800 + core}.123
flags		: fpu vme sse sse2 ssse3 fma sse4_1 sse4_2 avx f16c avx2 bmi1 bmi2 avx_vnni gfni vaes md_clear flush_l1d
`,
  )
  .join('\n');

describe('a processor in the key of a copy', () => {
  it('is its kinds of cores and its instruction sets', async () => {
    assert.match(await describeProcessor(PI5), /CPU part 0xd0b.*asimd, asimddp, asimdhp/);
    assert.match(await describeProcessor(N100), /Intel\(R\) N100.*avx, avx2, avx_vnni/);
    assert.notEqual(await describeProcessor(PI5), await describeProcessor(N100));
  });

  it('is another one with another instruction set or core', async () => {
    assert.notEqual(await describeProcessor(N100.replaceAll('avx_vnni ', '')), await describeProcessor(N100));
    assert.notEqual(await describeProcessor(PI5.replaceAll(' asimddp', '')), await describeProcessor(PI5));
    assert.notEqual(await describeProcessor(PI5.replace('0xd0b', '0xd05')), await describeProcessor(PI5));
  });

  it('stays the same whatever its clock, its microcode and the number of its cores', async () => {
    const later = N100.replaceAll('0x17', '0x1a').replaceAll(' md_clear', '').replace('800.123', '2900.000');
    assert.equal(await describeProcessor(later), await describeProcessor(N100));
    assert.equal(await describeProcessor(N100.slice(0, N100.indexOf('processor	: 1'))), await describeProcessor(N100));
  });
});
