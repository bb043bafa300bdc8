import type { RemovalPolicy } from 'aws-cdk-lib';
import type { Tuning } from '../tuning.ts';
import type { Alarms } from './alarms.ts';
import type { DataKey } from './data-key.ts';
import type { Network } from './network.ts';

/** What every capability builds upon. */
export interface Foundation {
  readonly tuning: Tuning;
  readonly alarms: Alarms;
  /** The namespace of the metrics that the functions emit. Each deployment has its own: they must not add up. */
  readonly metricsNamespace: string;
  /** Of whatever holds something that a company may want to keep: RETAIN_ON_UPDATE_OR_DELETE, so that a failed first deployment leaves nothing, or DESTROY. */
  readonly removalPolicy: RemovalPolicy;
  /** Encrypts tables, queues and logs; undefined: keys of AWS do. */
  readonly dataKey: DataKey | undefined;
  /** Of the functions that call receivers; undefined: Lambda's own. */
  readonly network: Network | undefined;
}
