import { createHash } from 'node:crypto';
import type { Attributes } from './intrinsics.ts';

export const REGION = 'us-east-1';
/** The emulators' account. */
export const ACCOUNT_ID = '000000000000';

export interface Naming {
  stackName: string;
  sqsEndpoint: string;
  apiUrl: string;
}

/** What `Ref` and `Fn::GetAtt` give. Names that the stack leaves to CloudFormation follow from the logical id, so that they last. */
export function attributesOf(
  id: string,
  type: string,
  properties: Record<string, unknown>,
  naming: Naming,
): Attributes {
  const arn = (service: string, resource: string) => `arn:aws:${service}:${REGION}:${ACCOUNT_ID}:${resource}`;
  const named = (property: string) =>
    typeof properties[property] === 'string' ? properties[property] : `${naming.stackName}-${id}`;
  switch (type) {
    case 'AWS::SQS::Queue': {
      const name = named('QueueName');
      return { ref: `${naming.sqsEndpoint}/${ACCOUNT_ID}/${name}`, Arn: arn('sqs', name), QueueName: name };
    }
    case 'AWS::DynamoDB::GlobalTable':
      return { ref: named('TableName'), Arn: arn('dynamodb', `table/${named('TableName')}`) };
    case 'AWS::Lambda::Function':
      return { ref: named('FunctionName'), Arn: arn('lambda', `function:${named('FunctionName')}`) };
    case 'AWS::SecretsManager::Secret':
      return { ref: arn('secretsmanager', `secret:${id}`) };
    case 'AWS::KMS::Key': {
      const keyId = uuidFrom(id);
      return { ref: keyId, Arn: arn('kms', `key/${keyId}`), KeyId: keyId };
    }
    case 'AWS::Events::Rule':
      return { ref: id, Arn: arn('events', `rule/${id}`) };
    case 'AWS::ApiGatewayV2::Api':
      return { ref: id, ApiEndpoint: naming.apiUrl };
    default:
      return { ref: id, Arn: arn('local', id) };
  }
}

export function pseudoParameters(stackName: string): Record<string, Attributes> {
  return {
    'AWS::AccountId': { ref: ACCOUNT_ID },
    'AWS::Region': { ref: REGION },
    'AWS::Partition': { ref: 'aws' },
    'AWS::URLSuffix': { ref: 'amazonaws.com' },
    'AWS::StackName': { ref: stackName },
    'AWS::StackId': { ref: `arn:aws:cloudformation:${REGION}:${ACCOUNT_ID}:stack/${stackName}/local` },
  };
}

function uuidFrom(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
