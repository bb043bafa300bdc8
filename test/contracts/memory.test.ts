import { NOW } from '../support/domain.ts';
import { MemoryIngestStore } from '../support/memory-ingest.ts';
import { describeEventRecords } from './events.ts';
import { RETENTION_MS, type Subject } from './subject.ts';
import { describeFanOutReads } from './subscriptions.ts';

/*
 * The stores of the core's tests implement the parts of the ports that those tests need.
 */

const NAME = 'memory';
let now = NOW;
const subject = <Store>(store: Store): Subject<Store> => ({
  store,
  setNow: (to) => {
    now = to;
  },
  losing: null,
});

const ingest = new MemoryIngestStore(() => now, RETENTION_MS);
describeEventRecords(NAME, subject(ingest));
describeFanOutReads(
  NAME,
  {
    ...subject(ingest),
    add: async (one) => {
      ingest.subscriptions.push({ ...one, revision: one.revision + 1 });
    },
  },
  { manyPages: {} },
);
