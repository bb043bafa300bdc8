import type { Aws } from './aws.ts';
import type { Decision } from './emulator.ts';

/** One action on one resource that a function's role may take. */
export interface Grant {
  role: string;
  policy: string;
  action: string;
  resource: string;
  /** As in a policy statement. */
  condition: unknown;
}

const list = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

/** Everything that is granted to the roles of the account, with the names as CloudFormation resolved them. */
export async function readGrants(aws: Aws): Promise<Grant[]> {
  const grants: Grant[] = [];
  for (const role of namesIn(await aws.query('iam', { Action: 'ListRoles' }), 'RoleName')) {
    const policies = await aws.query('iam', { Action: 'ListRolePolicies', RoleName: role });
    for (const policy of namesIn(policies, 'member')) {
      const text = await aws.query('iam', { Action: 'GetRolePolicy', RoleName: role, PolicyName: policy });
      const document = JSON.parse(decodeURIComponent(namesIn(text, 'PolicyDocument').join()));
      for (const { Effect, Action, Resource, Condition } of list(document.Statement)) {
        if (Effect !== 'Allow') throw new Error(`${policy} has a statement that is no grant: ${Effect}`);
        for (const action of list<string>(Action))
          for (const resource of list<string>(Resource))
            grants.push({ role, policy, action, resource, condition: Condition });
      }
    }
  }
  return grants;
}

function namesIn(xml: string, tag: string): string[] {
  return [...xml.matchAll(new RegExp(`<${tag}>([^<]+)</${tag}>`, 'g'))].map(([, name = '']) => name);
}

/** Gives a role's policy exactly these grants. */
export async function putGrants(aws: Aws, { role, policy }: Grant, grants: Grant[]): Promise<void> {
  const own = grants.filter((one) => one.role === role && one.policy === policy);
  const Statement = own.map(({ action, resource, condition }) => ({
    Effect: 'Allow',
    Action: action,
    Resource: resource,
    ...(condition !== undefined && { Condition: condition }),
  }));
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await aws.query('iam', { Action: 'PutRolePolicy', RoleName: role, PolicyName: policy, PolicyDocument });
}

export function isAbout({ role, action, resource }: Grant) {
  return (decision: Decision) => decision.role === role && decision.action === action && decision.resource === resource;
}

/** A grant in few words. */
export function nameOf({ role, action, resource }: Grant): string {
  const short = (name: string) => name.replace(/^.*Posthorn-Posthorn/, '').replace(/[0-9A-F]{8}-[0-9A-F]+/, '');
  return `${short(role).replace('FunctionRole', '')}: ${action} on ${short(resource)}`;
}

/** Grants that no step calls on, because what needs them cannot be brought about from outside; each with what that is. */
export const NOT_PROVOKED: Record<string, string> = {
  'Ingest: dynamodb:GetItem on StorageCatalog': 'two invocations make one tenant at the same moment',
  'Ingest: dynamodb:GetItem on StorageJournal': 'two invocations record one event at the same moment',
  'Jobs: dynamodb:GetItem on StorageJournal': 'a delivery changes while a job changes it',
  'Ingest: sqs:SendMessage on QueuesJobsQueue': 'a fan-out outlasts its invocation',
  'Deliver: sqs:ChangeMessageVisibility on QueuesDeliveriesQueue':
    'an invocation has too little time left for an attempt',
  'Deliver: sqs:ChangeMessageVisibility on QueuesRetriesQueue': 'a retry cannot be enqueued anew, or comes too early',
};
