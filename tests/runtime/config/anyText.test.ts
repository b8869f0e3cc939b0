import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { deviceDeclarations as devices } from '../../../devices/catalogue';
import { parseConfig } from '../../../runtime/config/readConfig';
import { isSensebindError } from '../../../runtime/errors';

describe('a text that is read as a configuration', () => {
  it('is refused as such where it is none, whatever it holds', () => {
    const piece = fc.constantFrom(
      'version: 1',
      '\n',
      ' ',
      'broker:',
      '{',
      '}',
      '[',
      '&a',
      '*a',
      'sources:',
      '- ',
      '!!js ',
      '"',
      'kind: wav',
      '\t',
      '? ',
      '|',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(piece).map((pieces) => pieces.join('')),
        ),
        (text) => {
          try {
            parseConfig(text, { file: '/etc/sensebind/config.yaml', devices });
          } catch (error) {
            assert.ok(isSensebindError(error, 'CONFIG_INVALID'), String(error));
          }
        },
      ),
    );
  });
});
