import type { Attributes } from './intrinsics.ts';

export const REGION = 'us-east-1';
/** The emulators' account. */
export const ACCOUNT_ID = '000000000000';

/** What the names of a stack's resources are made of. */
export interface Naming {
  stackName: string;
  sqsEndpoint: string;
  apiUrl: string;
}

export function arn(service: string, resource: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT_ID}:${resource}`;
}

/** The stack leaves names to CloudFormation. They follow from the logical id, so that they last. */
export function nameOf(id: string, { stackName }: Naming): string {
  return `${stackName}-${id}`;
}

export const PSEUDO_PARAMETERS: Record<string, Attributes> = {
  'AWS::AccountId': { ref: ACCOUNT_ID },
  'AWS::Region': { ref: REGION },
  'AWS::Partition': { ref: 'aws' },
};
