import { CfnResource, RemovalPolicy } from 'aws-cdk-lib';
import { MathExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import {
  AttributeType,
  Billing,
  type ITableV2,
  ProjectionType,
  type TablePropsV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { INDEXES, TABLE_KEYS } from '../../functions/names.ts';
import { ALARM_PERIOD } from './alarms.ts';
import type { Foundation } from './foundation.ts';

/** The two tables: the Catalog is what the company wrote, the Journal what happened. */
export class Storage extends Construct {
  readonly catalog: Table;
  readonly journal: Table;
  /** How many reads and writes of each table DynamoDB refuses. */
  readonly refusals: Readonly<Record<'Catalog' | 'Journal', MathExpression>>;

  constructor(scope: Construct, id: string, { tuning, alarms, removalPolicy, dataKey }: Foundation) {
    super(scope, id);

    const table = {
      partitionKey: { name: TABLE_KEYS.partition, type: AttributeType.STRING },
      sortKey: { name: TABLE_KEYS.sort, type: AttributeType.STRING },
      billing: Billing.onDemand(),
      // CloudFormation could not delete a protected table when a first deployment fails: it stays, empty, under a name of its own.
      removalPolicy: removalPolicy === RemovalPolicy.DESTROY ? removalPolicy : RemovalPolicy.RETAIN,
      deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
    } satisfies TablePropsV2;

    const adopted = (id: string, name: string | undefined) =>
      name === undefined ? null : TableV2.fromTableName(this, id, name);

    this.catalog =
      adopted('AdoptedCatalog', tuning.adopt.catalogTableName) ??
      new TableV2(this, 'Catalog', {
        ...table,
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
        globalSecondaryIndexes: [index(INDEXES.catalogList, AttributeType.STRING, ProjectionType.ALL)],
      });

    this.journal =
      adopted('AdoptedJournal', tuning.adopt.journalTableName) ??
      new TableV2(this, 'Journal', {
        ...table,
        timeToLiveAttribute: TABLE_KEYS.ttl,
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: tuning.journalPointInTimeRecovery },
        // Keys only: an index that projects no attribute is not written again when an item's other attributes change.
        globalSecondaryIndexes: [
          index(INDEXES.journalList, AttributeType.STRING, ProjectionType.KEYS_ONLY),
          index(INDEXES.journalDue, AttributeType.NUMBER, ProjectionType.KEYS_ONLY),
        ],
      });

    for (const made of [this.catalog, this.journal])
      if (dataKey && made instanceof TableV2) encryptWith(made, dataKey.key);

    this.refusals = {
      Catalog: refusalsOf(this.catalog, [INDEXES.catalogList], 'refusals of catalog'),
      Journal: refusalsOf(this.journal, [INDEXES.journalList, INDEXES.journalDue], 'refusals of journal'),
    };
    for (const [of, metric] of Object.entries(this.refusals))
      alarms.add(this, `${of}ThrottledAlarm`, 'throttledTables', metric, { of });
  }
}

/** CDK's own way (`TableEncryptionV2.customerManagedKey`) asks for the stack's region, which is not known where none is named. */
function encryptWith({ node }: TableV2, { keyArn }: IKey): void {
  const table = node.defaultChild;
  if (!CfnResource.isCfnResource(table)) throw new Error('A table is not the resource that it was.');
  table.addPropertyOverride('SSESpecification', { SSEEnabled: true, SSEType: 'KMS' });
  table.addPropertyOverride('Replicas.0.SSESpecification', { KMSMasterKeyId: keyArn });
}

/** Made here, or adopted. */
type Table = TableV2 | ITableV2;

/** DynamoDB counts those of an index apart. */
function refusalsOf(
  table: Pick<TableV2, 'tableName' | 'metric' | 'node'>,
  indexes: readonly Index[],
  label: string,
): MathExpression {
  const named = [{}, ...indexes.map(({ name }) => ({ GlobalSecondaryIndexName: name }))];
  const counted = named.flatMap((dimensions, place) =>
    ['Read', 'Write'].map((kind) => {
      const dimensionsMap = { TableName: table.tableName, ...dimensions };
      const metric = table.metric(`${kind}ThrottleEvents`, {
        statistic: Stats.SUM,
        period: ALARM_PERIOD,
        dimensionsMap,
      });
      return [`${kind.toLowerCase()}${table.node.id}${place}`, metric] as const;
    }),
  );
  return new MathExpression({
    expression: `SUM([${counted.map(([id]) => `FILL(${id}, 0)`).join(', ')}])`,
    usingMetrics: Object.fromEntries(counted),
    label,
    period: ALARM_PERIOD,
  });
}

interface Index {
  readonly name: string;
  readonly partition: string;
  readonly sort: string;
}

function index({ name, partition, sort }: Index, sortType: AttributeType, projectionType: ProjectionType) {
  return {
    indexName: name,
    partitionKey: { name: partition, type: AttributeType.STRING },
    sortKey: { name: sort, type: sortType },
    projectionType,
  };
}

/** The one index that a grant is for; CDK's own grants cover every index. */
export function indexArn(table: Table, { name }: Index): string {
  return `${table.tableArn}/index/${name}`;
}
