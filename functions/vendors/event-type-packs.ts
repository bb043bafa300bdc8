import { EventTypePack } from '../core/event/event-type-pack.ts';
import bindbee from './bindbee/event-types.json' with { type: 'json' };
import keypay from './keypay/event-types.json' with { type: 'json' };
import peopleforce from './peopleforce/event-types.json' with { type: 'json' };
import staffology from './staffology/event-types.json' with { type: 'json' };

/** The event-type packs that Posthorn brings. */
export const EVENT_TYPE_PACKS: readonly EventTypePack[] = [bindbee, keypay, peopleforce, staffology].map((file) =>
  EventTypePack.parse(file),
);
