import bindbee from '../../catalogues/bindbee.json' with { type: 'json' };
import keypay from '../../catalogues/keypay.json' with { type: 'json' };
import peopleforce from '../../catalogues/peopleforce.json' with { type: 'json' };
import staffology from '../../catalogues/staffology.json' with { type: 'json' };
import { Catalogue } from '../core/catalogue.ts';

/** The catalogues that Posthorn brings. */
export const CATALOGUES: readonly Catalogue[] = [bindbee, keypay, peopleforce, staffology].map((file) =>
  Catalogue.parse(file),
);
