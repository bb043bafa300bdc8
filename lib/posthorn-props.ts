import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { EventPattern, IEventBus } from 'aws-cdk-lib/aws-events';
import type { IPrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IHostedZone } from 'aws-cdk-lib/aws-route53';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { z } from 'zod';
import type { FunctionName, PortalPage } from '../functions/names.ts';
import type { AlarmName } from './alarm-list.ts';
import type { Rollout } from './constructs/rollout.ts';
import { PropsError } from './props-error.ts';
import { type Adoption, parseTuning, type Tuning } from './tuning.ts';

interface FunctionProps {
  /** Memory in MiB; Lambda gives CPU in proportion. @default 1,024 for api and console, 512 for ingest, deliver and jobs, 1,769 for sweep, 256 for canary */
  readonly memorySize?: number;
  /** @default 29 s for api, 30 s for ingest, 55 s for sweep, 60 s for jobs, 10 s for console, 25 s for canary */
  readonly timeout?: Duration;
  /** At least what the function's event sources may ask for. @default see `accountConcurrency` */
  readonly reservedConcurrency?: number;
}

interface EventSourceProps {
  /** Most concurrent invocations for this source, each with up to 10 messages (of jobs, one): 2 to 1,000. */
  readonly maxConcurrency?: number | undefined;
}

export interface SignInProps {
  /** As the provider names itself: an https URL. */
  readonly issuer: string;
  /** Of a public client whose redirect URI is /console/signed-in of the API's address. */
  readonly clientId: string;
  /** Of the ID token: a text or a list of texts. @default 'groups' */
  readonly claim?: string;
  /** Values of the claim that mean everything. One of the two lists must have a value. @default none */
  readonly adminValues?: string[];
  /** Values of the claim that mean reading all but secrets. @default none */
  readonly readValues?: string[];
  /** What is asked of the provider. @default 'openid profile email' */
  readonly scope?: string;
  /** Origins of the provider's endpoints that are not the issuer's. @default none */
  readonly origins?: string[];
}

export interface ConsoleProps {
  /** Shown in the page's head, and in its title. @default 'Posthorn' */
  readonly companyName?: string | null;
  /** An https address of an image. @default a post horn */
  readonly logoUrl?: string | null;
  /** Of buttons and of what is chosen, as #rrggbb. @default #ffc700 */
  readonly accentColor?: string | null;
  /** Profiles that customers choose from in their portal. @default no choice: the tenant's default profile */
  readonly profiles?: string[];
  /** Pages that customers' portals show besides their webhooks. @default all of them */
  readonly pages?: PortalPage[];
  /** Origins whose pages may show the console in a frame, such as https://app.example.com. @default none */
  readonly frameAncestors?: string[];
  /** The company's own OIDC provider, by which its people sign in besides keys. @default keys alone */
  readonly signIn?: SignInProps | null;
  /** Puts CloudFront in front of console and API, see docs/console.md. @default false */
  readonly cloudFront?: boolean;
}

export interface PosthornProps {
  /** What happens to an event whose type is not a known event type: `strict` rejects it. @default 'open' */
  readonly eventTypes?: 'open' | 'strict';

  /** The profile of subscriptions that name none, of tenants that have no default of their own. @default 'standard' */
  readonly defaultProfile?: string;

  /** How many subscriptions a tenant may have: each of its events looks at all of them. 1 to 100,000. @default 1000 */
  readonly maxSubscriptionsPerTenant?: number;

  /**
   * Vendors whose own routes are mounted beside /v1, so that integrations made for them keep working: KeyPay's
   * /business/{id}/webhookregistrations and Staffology's /employers/{id}/webhooks. See docs/compatibility.md.
   * @default none
   */
  readonly compatibility?: ('keypay' | 'staffology')[];

  /** How long events, deliveries and their attempts are kept: 10 days or more. @default Duration.days(30) */
  readonly journalRetention?: Duration;

  /** How long the audit trail is kept: at least as long as the journal. @default Duration.days(400) */
  readonly auditRetention?: Duration;

  /**
   * How long the hourly counters behind `…/stats` are kept. `Duration.days(0)` counts nothing, which saves a write for each
   * batch, and one for each minute and busy subscription.
   * @default Duration.days(90)
   */
  readonly statsRetention?: Duration;

  /**
   * Continuous backups of the Journal. Off by default: its items expire by themselves, and backups cost almost as much
   * again as their storage. The Catalog, which cannot be made again, always has them.
   * @default false
   */
  readonly journalPointInTimeRecovery?: boolean;

  /** How long the logs of functions and API are kept. @default RetentionDays.ONE_MONTH */
  readonly logRetention?: RetentionDays;

  /**
   * Whether Posthorn sends an event to itself every five minutes, through the API, and raises an alarm if it does not come back. It is a
   * tenant `posthorn-canary`, and costs about $0.60 a month.
   * @default true
   */
  readonly canary?: boolean;

  /**
   * Whether Lambda traces the functions with X-Ray: one request in a second and of the rest one in twenty, at $5 a million traces. It is
   * apart from `traceparent`, which an event always carries from its publisher to the log.
   * @default false
   */
  readonly xrayTracing?: boolean;

  /** The least severe lines that the functions log. @default 'INFO' */
  readonly logLevel?: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

  /**
   * What becomes of tables, keys, the admin key and logs with the stack: RETAIN or DESTROY.
   * DESTROY also drops the tables' deletion protection.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * What holds state and stands already: a table restored from its backups, or what an earlier stack left. The stack uses it
   * instead of making its own, and changes nothing about it: docs/recovery.md says how each must be set up.
   * @default the stack makes all
   */
  readonly adopt?: Adoption;

  /** For one request to a receiver: connect, headers and body. 1 to 20 s. @default Duration.seconds(15) */
  readonly attemptTimeout?: Duration;

  /**
   * Retries due within this time wait in the retries queue, later ones in the journal. At most 15 minutes, SQS's longest
   * delay. What waits so does not count as in flight.
   * @default Duration.minutes(2)
   */
  readonly maxQueueWait?: Duration;

  /**
   * A subscription is disabled when none of its attempts has succeeded for so long; warnings come after 1/5 and 3/5 of it.
   * 1 to 365 days.
   * @default Duration.days(5)
   */
  readonly disableAfter?: Duration;

  /**
   * How many functions Lambda runs for the account at the same time, all together: 1,000 usually, 10 in a new account (see Service
   * Quotas). Of 1,000 the event sources may take 310, the API has 200 reserved, so that slow receivers cannot starve it, and `sweep`
   * 1; of less their shares, and of less than 200 nothing is reserved.
   * @default 1000
   */
  readonly accountConcurrency?: number;

  /** Events being fanned out. @default maxConcurrency 50 */
  readonly ingest?: EventSourceProps;

  /** Deliveries tried for the first time. @default maxConcurrency 200 */
  readonly firstAttempts?: EventSourceProps;

  /** Deliveries tried again; apart, so that first attempts never wait behind them. @default maxConcurrency 50 */
  readonly retries?: EventSourceProps;

  /** Pages of jobs. @default maxConcurrency 10 */
  readonly jobs?: EventSourceProps;

  /** The web console under /console, see docs/console.md; `false` leaves it out. @default the console as ConsoleProps says */
  readonly console?: false | ConsoleProps;

  /**
   * Memory, timeout and reserved concurrency by function. The timeout of `deliver` follows from `attemptTimeout`.
   * @default see FunctionProps
   */
  readonly functions?: { readonly [Name in Exclude<FunctionName, 'deliver'>]?: FunctionProps } & {
    readonly deliver?: Omit<FunctionProps, 'timeout'>;
  };

  /** Who may send to the events queue, by the queue's own policy; also from other accounts. @default none */
  readonly publishers?: IPrincipal[];

  /**
   * Other AWS accounts, by their 12 digits, that decide themselves which of their roles publish: they may send to the events
   * queue, and put events on `eventBus` if there is one. See docs/publishing.md.
   * @default none
   */
  readonly publisherAccounts?: string[];

  /** A bus whose events that match `eventPattern` are published too; their `detail` is the message. @default none */
  readonly eventBus?: IEventBus;

  /** Which events of `eventBus` to publish; the one needs the other. @default none */
  readonly eventPattern?: EventPattern;

  /** A bus of this region on which system events are put, besides the webhooks that tell of them. See docs/system-events.md. @default none */
  readonly systemEventsBus?: IEventBus;

  /** CIDR blocks that receivers may be in although they are not public. @default none */
  readonly allowedPrivateRanges?: string[];

  /** Ports that receivers may listen on; 443 among them, unless `canary` is false. @default any */
  readonly allowedPorts?: number[];

  /** Whether a receiver's URL may be plain http. @default false */
  readonly allowHttp?: boolean;

  /**
   * The network of the functions that call receivers, so that their requests come from fixed addresses: an existing VPC with
   * private subnets whose traffic leaves through NAT, or `new`, which makes one with two NAT gateways (about $66 a month), two
   * addresses that outlive the stack, and an endpoint of DynamoDB. No receiver may be in the VPC's ranges.
   * @default Lambda's own network, whose addresses change
   */
  readonly vpc?: IVpc | 'new';

  /** CIDR blocks of `vpc` besides its first one: no receiver may be in them either. @default none */
  readonly vpcFurtherRanges?: string[];

  /** The API's own name. Its address under execute-api is switched off then. @default none */
  readonly domainName?: string;

  /** For `domainName`, of this region. @default one is made, if there is a `hostedZone` */
  readonly certificate?: ICertificate;

  /** The zone in Route 53 in which `domainName` is pointed at the API. @default it is pointed there by hand */
  readonly hostedZone?: IHostedZone;

  /** Origins of pages that may call the API in a browser, such as https://portal.example.com; `*` for any. @default none */
  readonly corsOrigins?: string[];

  /**
   * A key of the company's own that encrypts tables, queues and logs; `new` makes one ($1 a month). A key that is given must
   * allow Logs, and publishers of other accounts, in its policy: docs/configuration.md says how.
   * @default keys of AWS
   */
  readonly dataKey?: IKey | 'new';

  /** Of everything that can have tags. @default application: posthorn */
  readonly tags?: Record<string, string>;

  /**
   * How a new version of a function takes over. `direct`: in one go. `canary`: an alias sends it a tenth of the invocations for five
   * minutes, and CodeDeploy goes back to the version before if it fails. `allAtOnce`: as `canary`, in one go and whatever the
   * alarms say, by which a fix gets past a version that fails.
   * @default 'direct'
   */
  readonly rollout?: Rollout;

  /** Of the source, for `GET /v1/health`. @default 'unknown' */
  readonly commit?: string;

  /** Requests a second, and at the same moment, that the API takes. @default 1,000 and 1,000 */
  readonly throttle?: { readonly rate?: number; readonly burst?: number };

  /** Told of every alarm and of its end. @default alarms change state and notify no one, of which the synthesis warns */
  readonly alarmTopic?: ITopic;

  /** Told of alarms that can wait for working hours, in the place of `alarmTopic`. @default alarmTopic */
  readonly warningTopic?: ITopic;

  /** At what an alarm goes off, by its name. docs/watching.md lists the alarms with units and ranges. @default as listed there */
  readonly alarmThresholds?: { readonly [Name in AlarmName]?: number };

  /** Where those who are called read the runbook, which each alarm names with the anchor of its heading. @default 'docs/runbook.md', in the repository */
  readonly runbookUrl?: string;
}

const AllBut = z.object({ 'anything-but': z.union([z.string(), z.array(z.string())]) });

/** Each system event would be rejected when it came back, of which another one tells: without an end. */
function mayMatchSystemEvents(pattern: EventPattern | undefined): boolean {
  // A pattern may say more of a source than CDK's types know of.
  const sources: readonly unknown[] | undefined = pattern?.source;
  return (
    sources?.some((source) => {
      if (typeof source === 'string') return source === 'posthorn';
      const excluded = AllBut.safeParse(source).data?.['anything-but'] ?? [];
      return ![excluded].flat().includes('posthorn');
    }) ?? true
  );
}

/** Checks the props and fills in defaults. Throws a PropsError that names each wrong one. */
export function tune(props: PosthornProps): Tuning {
  if ((props.eventBus === undefined) !== (props.eventPattern === undefined))
    throw new PropsError(
      'Posthorn needs eventBus and eventPattern together: the pattern says which events of the bus count.',
    );
  const isSameBus = props.eventBus !== undefined && props.eventBus.eventBusName === props.systemEventsBus?.eventBusName;
  if (isSameBus && mayMatchSystemEvents(props.eventPattern))
    throw new PropsError(
      'Posthorn would read its own system events: give eventPattern a source other than posthorn, or systemEventsBus another bus.',
    );

  if (props.domainName === undefined && (props.certificate !== undefined || props.hostedZone !== undefined))
    throw new PropsError(
      'Posthorn has a certificate or a hosted zone and no domainName: say which name the API is to have.',
    );

  return parseTuning({
    eventTypes: props.eventTypes,
    defaultProfile: props.defaultProfile,
    maxSubscriptionsPerTenant: props.maxSubscriptionsPerTenant,
    compatibility: props.compatibility,
    journalRetentionDays: props.journalRetention?.toDays(),
    auditRetentionDays: props.auditRetention?.toDays(),
    statsRetentionDays: props.statsRetention?.toDays(),
    journalPointInTimeRecovery: props.journalPointInTimeRecovery,
    logRetentionDays: props.logRetention,
    canary: props.canary,
    xrayTracing: props.xrayTracing,
    logLevel: props.logLevel,
    vpcFurtherRanges: props.vpcFurtherRanges,
    corsOrigins: props.corsOrigins,
    tags: props.tags,
    rollout: props.rollout,
    commit: props.commit,
    removalPolicy: props.removalPolicy,
    adopt: props.adopt,
    attemptTimeoutSeconds: props.attemptTimeout?.toSeconds(),
    maxQueueWaitSeconds: props.maxQueueWait?.toSeconds(),
    disableAfterDays: props.disableAfter?.toDays(),
    accountConcurrency: props.accountConcurrency,
    ingestMaxConcurrency: props.ingest?.maxConcurrency,
    firstAttemptsMaxConcurrency: props.firstAttempts?.maxConcurrency,
    retriesMaxConcurrency: props.retries?.maxConcurrency,
    jobsMaxConcurrency: props.jobs?.maxConcurrency,
    publisherAccounts: props.publisherAccounts,
    allowedPrivateRanges: props.allowedPrivateRanges,
    allowedPorts: props.allowedPorts,
    allowHttp: props.allowHttp,
    throttleRate: props.throttle?.rate,
    throttleBurst: props.throttle?.burst,
    alarmThresholds: props.alarmThresholds,
    runbookUrl: props.runbookUrl,
    console: props.console,
    functions: Object.fromEntries(
      Object.entries(props.functions ?? {}).map(([name, { memorySize, timeout, ...rest }]: [string, FunctionProps]) => [
        name,
        { ...rest, memoryMiB: memorySize, ...(timeout && { timeoutSeconds: timeout.toSeconds() }) },
      ]),
    ),
  });
}
