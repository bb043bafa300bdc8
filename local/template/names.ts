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

/** The name that the stack gives. One that it leaves to CloudFormation follows from the logical id, so that it lasts. */
export function nameOf(given: unknown, id: string, { stackName }: Naming): string {
  return typeof given === 'string' ? given : `${stackName}-${id}`;
}

export function pseudoParameters(stackName: string): Record<string, Attributes> {
  return {
    'AWS::AccountId': { ref: ACCOUNT_ID },
    'AWS::Region': { ref: REGION },
    'AWS::Partition': { ref: 'aws' },
    'AWS::URLSuffix': { ref: 'amazonaws.com' },
    'AWS::StackName': { ref: stackName },
    'AWS::StackId': { ref: arn('cloudformation', `stack/${stackName}/local`) },
  };
}
