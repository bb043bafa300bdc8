import type { FunctionName } from '../../functions/names.ts';
import type { Account } from './account.ts';
import type { Deliver } from './deliver.ts';
import type { Gateway } from './gateway.ts';
import type { HandlerFunction } from './handler-function.ts';
import type { Queues } from './queues.ts';
import type { Storage } from './storage.ts';

/** Functions that a deployment may leave out. */
type Optional = 'console' | 'canary';

/** What dashboard and saved queries look at. */
export interface Watched {
  readonly functions: Readonly<Record<Exclude<FunctionName, Optional>, HandlerFunction>> &
    Readonly<Partial<Record<Optional, HandlerFunction>>>;
  readonly deliver: Deliver;
  readonly account: Account;
  readonly storage: Storage;
  readonly queues: Queues;
  readonly gateway: Gateway;
}
