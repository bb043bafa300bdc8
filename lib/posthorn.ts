import { Annotations, Names, RemovalPolicy, Tags } from 'aws-cdk-lib';
import type { Distribution } from 'aws-cdk-lib/aws-cloudfront';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { Account } from './constructs/account.ts';
import { Alarms } from './constructs/alarms.ts';
import { Api } from './constructs/api.ts';
import { Canary } from './constructs/canary.ts';
import { Console } from './constructs/console.ts';
import { DataKey } from './constructs/data-key.ts';
import { Deliver } from './constructs/deliver.ts';
import { Domain } from './constructs/domain.ts';
import { Edge } from './constructs/edge.ts';
import type { Foundation } from './constructs/foundation.ts';
import { Gateway } from './constructs/gateway.ts';
import { Ingest } from './constructs/ingest.ts';
import { Jobs } from './constructs/jobs.ts';
import { Keys } from './constructs/keys.ts';
import { Network } from './constructs/network.ts';
import { Overview } from './constructs/overview.ts';
import { Publishers } from './constructs/publishers.ts';
import { Queues } from './constructs/queues.ts';
import { SavedQueries } from './constructs/saved-queries.ts';
import { Storage } from './constructs/storage.ts';
import { Sweep } from './constructs/sweep.ts';
import type { Watched } from './constructs/watched.ts';
import { type PosthornProps, tune } from './posthorn-props.ts';

/**
 * Webhooks as a service: `new Posthorn(this, 'Webhooks', {…})` in any stack.
 * Publishers send to `eventsQueue` or to `apiUrl`; wrong props fail at synth with an Error that names them.
 */
export class Posthorn extends Construct {
  /** The HTTP API's address, without a slash at the end. */
  readonly apiUrl: string;
  /** Where events are published. Grant with `publishers`, or `eventsQueue.grantSendMessages(role)`. */
  readonly eventsQueue: IQueue;
  readonly eventsQueueUrl: string;
  readonly eventsQueueArn: string;
  /** Each queue with its dead-letter queue. */
  readonly queues: Pick<Queues, 'events' | 'deliveries' | 'retries' | 'jobs'>;
  readonly tables: Pick<Storage, 'catalog' | 'journal'>;
  /** Holds the company's key for the HTTP API. */
  readonly adminKeySecret: ISecret | Secret;
  readonly adminKeySecretArn: string;
  readonly encryptionKey: IKey;
  /** The API's own name, if it has one; without a hosted zone a CNAME must point at its `target`. */
  readonly domain: Domain | undefined;
  /** CloudFront in front of API and console, if the console's props ask for it. */
  readonly distribution: Distribution | undefined;
  /** The addresses that receivers see requests come from; none unless `vpc` is `new`. */
  readonly egressAddresses: readonly string[];

  constructor(scope: Construct, id: string, props: PosthornProps = {}) {
    super(scope, id);

    const tuning = tune(props);
    const removalPolicy =
      tuning.removalPolicy === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
    for (const [key, value] of Object.entries(tuning.tags)) Tags.of(this).add(key, value);
    const foundation: Foundation = {
      tuning,
      alarms: new Alarms({
        thresholds: tuning.alarmThresholds,
        runbookUrl: tuning.runbookUrl,
        topics: { critical: props.alarmTopic, warning: props.warningTopic ?? props.alarmTopic },
      }),
      metricsNamespace: `Posthorn/${Names.uniqueResourceName(this, { maxLength: 100, separator: '-' })}`,
      removalPolicy,
      dataKey: props.dataKey && new DataKey(this, 'DataKey', props.dataKey, removalPolicy),
      network:
        props.vpc &&
        new Network(this, 'Network', { vpc: props.vpc, furtherRanges: tuning.vpcFurtherRanges, removalPolicy }),
    };

    if (!props.alarmTopic)
      Annotations.of(this).addWarningV2(
        'posthorn:noAlarmTopic',
        'No one is told of alarms: give alarmTopic (alarmTopicArn as a setting), an SNS topic that reaches who is on call.',
      );

    const account = new Account(this, 'Account', foundation);
    const storage = new Storage(this, 'Storage', foundation);
    const keys = new Keys(this, 'Keys', foundation);
    const queues = new Queues(this, 'Queues', foundation);

    new Publishers(this, 'Publishers', {
      events: queues.events,
      dataKey: foundation.dataKey,
      principals: props.publishers ?? [],
      accounts: tuning.publisherAccounts,
      eventBus: props.eventBus,
      eventPattern: props.eventPattern,
    });
    const ingest = new Ingest(this, 'Ingest', {
      ...foundation,
      storage,
      queues,
      systemEventsBus: props.systemEventsBus,
    });
    const deliver = new Deliver(this, 'Deliver', { ...foundation, storage, queues, keys });
    const jobs = new Jobs(this, 'Jobs', { ...foundation, storage, queues });
    const sweep = new Sweep(this, 'Sweep', { ...foundation, storage, queues });

    const api = new Api(this, 'Api', { ...foundation, storage, queues, keys });
    this.domain =
      props.domainName === undefined
        ? undefined
        : new Domain(this, 'Domain', {
            domainName: props.domainName,
            certificate: props.certificate,
            hostedZone: props.hostedZone,
          });
    const { console: settings } = tuning;
    const console = settings === false ? null : new Console(this, 'Console', { ...foundation, settings }).handler;
    const gateway = new Gateway(this, 'Gateway', {
      ...foundation,
      api: api.handler.entry,
      console: console?.entry ?? null,
      domain: this.domain,
      corsOrigins: tuning.corsOrigins,
    });

    this.distribution =
      settings !== false && settings.cloudFront
        ? new Edge(this, 'Edge', { apiUrl: gateway.url }).distribution
        : undefined;

    const canary = tuning.canary ? new Canary(this, 'Canary', { ...foundation, gateway, keys }).handler : null;

    const watched: Watched = {
      functions: {
        api: api.handler,
        ingest: ingest.handler,
        deliver: deliver.handler,
        sweep: sweep.handler,
        jobs: jobs.handler,
        ...(console && { console }),
        ...(canary && { canary }),
      },
      deliver,
      account,
      storage,
      queues,
      gateway,
    };
    new SavedQueries(this, 'Queries', watched);
    new Overview(this, 'Overview', { ...foundation, ...watched });

    this.apiUrl = gateway.url;
    this.eventsQueue = queues.events.queue;
    this.eventsQueueUrl = this.eventsQueue.queueUrl;
    this.eventsQueueArn = this.eventsQueue.queueArn;
    this.queues = queues;
    this.tables = storage;
    this.encryptionKey = keys.encryption;
    this.egressAddresses = foundation.network?.egressAddresses ?? [];
    this.adminKeySecret = keys.admin;
    this.adminKeySecretArn = keys.admin.secretArn;
  }
}
