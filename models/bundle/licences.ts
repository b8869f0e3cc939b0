import type { Manifest } from './manifest';

type Licence = Manifest['licence'];

/** Of the weights that Meta published (reference: LICENSE and model_card.md of facebookresearch/ImageBind). */
export const IMAGEBIND_LICENCE: Licence = {
  name: 'CC BY-NC-SA 4.0',
  text:
    'Attribution, non-commercial use only, share alike: https://creativecommons.org/licenses/by-nc-sa/4.0/\n' +
    'The model card says that these weights are for research and not intended for any real-world application, ' +
    'commercial or otherwise.',
  source: 'https://github.com/facebookresearch/ImageBind',
};

/** Of the weights that are shipped: trained here, on data made here. */
export const MINI_LICENCE: Licence = {
  name: 'Apache-2.0',
  text:
    'Trained by this project from nothing, on readings that its simulated world made: no published weights, pictures or ' +
    'recordings went into it. Use it under the Apache License, Version 2.0, as this package: ' +
    'https://www.apache.org/licenses/LICENSE-2.0',
  source: 'npm run train:mini',
};

/** Of weights that nobody trained. */
export const RANDOM_WEIGHTS_LICENCE: Licence = {
  name: 'none needed',
  text: 'Random numbers, made by a seeded generator. They have learnt nothing.',
  source: 'models/checkpoint/randomStateDict.ts',
};

/** Of weights that came from elsewhere, under the name that the user gives. */
export function namedLicence(name: string | undefined, source: string): Licence {
  return {
    name: name ?? 'not stated',
    text: 'Named by the person who converted the checkpoint: ask whoever trained it what you may do with it.',
    source,
  };
}
