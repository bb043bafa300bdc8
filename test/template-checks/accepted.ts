/**
 * Findings in the template that stand, each with its reason. One that no longer occurs has to go from here.
 * cdk-nag's are acknowledged beside the resources that they are about, in lib/.
 */
export interface Accepted {
  check: string;
  /** Plain names of resources, without CDK's hashes. */
  resources: RegExp;
  reason: string;
}

export const ACCEPTED: Accepted[] = [
  {
    check: 'W3005',
    resources: /FunctionLambda$/,
    reason: 'CDK writes DependsOn for the role as well as for its policy. The one is redundant, and harmless.',
  },
  {
    check: 'CKV_AWS_115',
    resources: /(Ingest|Deliver|Jobs|Console)FunctionLambda$/,
    reason:
      'What these may take is bounded at their event sources by maxConcurrency; a reservation would take from the account’s other functions. The API and sweep have one where the account has it to give, see lib/concurrency.ts.',
  },
  {
    check: 'CKV_AWS_116',
    resources: /FunctionLambda$/,
    reason:
      'Queues feed the functions, and have dead-letter queues of their own; API Gateway waits for the answer; a sweep that fails is followed by the next one within a minute.',
  },
  {
    check: 'CKV_AWS_117',
    resources: /FunctionLambda$/,
    reason:
      'They call public endpoints. Inside a VPC they would need a NAT gateway, which costs more than all the rest: the prop `vpc` puts deliver there for those who need fixed addresses.',
  },
  {
    check: 'CKV_AWS_149',
    resources: /KeysAdmin$/,
    reason:
      'Encrypted by the key that AWS keeps for the account’s secrets. Another account has no part in it, for which a key of its own is needed.',
  },
  {
    check: 'CKV_AWS_158',
    resources: /(Logs|AccessLogs)$/,
    reason: 'CloudWatch encrypts logs by a key of its own. The prop `dataKey` encrypts them with one of the company’s.',
  },
  {
    check: 'CKV_AWS_165',
    resources: /StorageJournal$/,
    reason:
      'Its items expire by themselves, and backups cost almost as much again as their storage: see journalPointInTimeRecovery.',
  },
  {
    check: 'CKV_AWS_173',
    resources: /FunctionLambda$/,
    reason:
      'Nothing secret is in the environment: names, URLs and settings. The admin key is read from Secrets Manager.',
  },
  {
    check: 'CKV_AWS_27',
    resources: /Queues(Events|Deliveries|Retries|Jobs)(Queue|DeadLetters)$/,
    reason:
      'Encrypted by SQS’s own key (SqsManagedSseEnabled), which this check does not look at. The prop `dataKey` encrypts them with one of the company’s.',
  },
];
