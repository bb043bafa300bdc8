import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import aws4 from 'aws4';
import { CREDENTIALS } from '../../testing/queues.ts';
import { plainName, type StackAssembly, type Template } from './assembly.ts';
import { ACCOUNT, type Emulator, REGION } from './emulator.ts';

const run = promisify(execFile);
const STACK_MS = 60_000;

interface Request {
  service: string;
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer<ArrayBuffer>;
}

export interface StackState {
  /** `gone` if there is no such stack. */
  status: string;
  outputs: Record<string, string>;
}

/** The account's root, with the calls that CloudFormation's users make about one stack. */
export type Aws = ReturnType<typeof createAws>;

export function createAws({ url, port, python }: Emulator, stackName = 'Posthorn') {
  async function call({ service, method, path, headers = {}, body = '' }: Request): Promise<string> {
    const host = `127.0.0.1:${port}`;
    const signed = aws4.sign({ service, region: REGION, method, path, host, headers, body }, CREDENTIALS.credentials);
    const sent = Object.fromEntries(Object.entries(signed.headers ?? {}).map(([name, value]) => [name, String(value)]));
    const response = await fetch(url + path, { method, headers: sent, ...(method === 'GET' ? {} : { body }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${service} ${method} ${path} answered ${response.status}: ${text}`);
    return text;
  }

  /** For CloudFormation and IAM, which speak XML. */
  function query(service: 'cloudformation' | 'iam', parameters: Record<string, string>): Promise<string> {
    const body = new URLSearchParams({ Version: VERSIONS[service], ...parameters }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return call({ service, method: 'POST', path: '/', headers, body });
  }

  async function json(service: string, target: string, input: object): Promise<unknown> {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
    return JSON.parse(await call({ service, method: 'POST', path: '/', headers, body: JSON.stringify(input) }));
  }

  const put = (bucket: string, key: string, body: string | Buffer<ArrayBuffer>) =>
    call({ service: 's3', method: 'PUT', path: `/${bucket}/${key}`, body });

  /** What of `cdk bootstrap` a deployment uses: the bucket, and the version that the template asks for. */
  async function bootstrap(): Promise<void> {
    await call({ service: 's3', method: 'PUT', path: `/${BUCKET}` });
    const parameter = { Name: '/cdk-bootstrap/hnb659fds/version', Value: '30', Type: 'String' };
    await json('ssm', 'AmazonSSM.PutParameter', parameter);
  }

  async function upload(folder: string, bucket: string, key: string): Promise<void> {
    const file = `${folder}.${port}.zip`;
    // The folder itself as `.` puts its files at the top.
    await run(python, ['-m', 'zipfile', '-c', file, '.'], { cwd: folder });
    const content = Buffer.from(readFileSync(file));
    rmSync(file);
    await put(bucket, key, content);
  }

  async function uploadAssets({ assets }: StackAssembly): Promise<void> {
    await Promise.all(
      assets.map(({ folder, bucketName, objectKey }) => upload(folder, inAccount(bucketName), objectKey)),
    );
  }

  async function apply(
    action: 'CreateStack' | 'UpdateStack',
    template: Template,
    options: Record<string, string> = {},
  ): Promise<StackState> {
    await put(BUCKET, `${stackName}.template.json`, JSON.stringify(template));
    await query('cloudformation', {
      Action: action,
      StackName: stackName,
      TemplateURL: `${url}/${BUCKET}/${stackName}.template.json`,
      'Capabilities.member.1': 'CAPABILITY_IAM',
      ...options,
    });
    return settle();
  }

  async function state(): Promise<StackState> {
    const text = await query('cloudformation', { Action: 'DescribeStacks', StackName: stackName }).catch(
      (error: Error) => {
        if (!error.message.includes('does not exist')) throw error;
        return '<StackStatus>gone</StackStatus>';
      },
    );
    const outputs = text.matchAll(/<OutputKey>([^<]*)<\/OutputKey>\s*<OutputValue>([^<]*)<\/OutputValue>/g);
    return {
      status: /<StackStatus>([^<]*)</.exec(text)?.[1] ?? '',
      outputs: Object.fromEntries([...outputs].map(([, key = '', value = '']) => [key, value])),
    };
  }

  /** Waits until CloudFormation has done what it does. */
  async function settle(): Promise<StackState> {
    const deadline = performance.now() + STACK_MS;
    for (;;) {
      const current = await state();
      if (!current.status.endsWith('IN_PROGRESS')) return current;
      if (performance.now() > deadline) throw new Error(`The stack is still ${current.status}`);
      await sleep(100);
    }
  }

  /** Physical ids by logical ones. */
  async function resources(): Promise<Map<string, string>> {
    const text = await query('cloudformation', { Action: 'DescribeStackResources', StackName: stackName });
    const members = text.split('</member>').flatMap((member) => {
      const logical = /<LogicalResourceId>([^<]*)</.exec(member)?.[1];
      const physical = /<PhysicalResourceId>([^<]*)</.exec(member)?.[1];
      return logical === undefined || physical === undefined ? [] : [[logical, physical] as const];
    });
    return new Map(members);
  }

  return {
    url,
    query,
    json,
    call,
    bootstrap,
    state,
    uploadAssets,
    create: ({ template, terminationProtection }: StackAssembly) =>
      apply('CreateStack', template, { EnableTerminationProtection: String(terminationProtection) }),
    update: (template: Template) => apply('UpdateStack', template),

    allowDeletion: () =>
      query('cloudformation', {
        Action: 'UpdateTerminationProtection',
        StackName: stackName,
        EnableTerminationProtection: 'false',
      }),

    async destroy(): Promise<StackState> {
      await query('cloudformation', { Action: 'DeleteStack', StackName: stackName });
      return settle();
    },

    /** What failed, and why. */
    async failures(): Promise<string[]> {
      const text = await query('cloudformation', { Action: 'DescribeStackEvents', StackName: stackName });
      return text.split('</member>').filter((event) => /<ResourceStatus>[A-Z_]*FAILED</.test(event));
    },

    resources,

    /** The physical id of a resource by its plain name. */
    async idOf(name: string): Promise<string> {
      const found = [...(await resources())].find(([id]) => plainName(id) === name);
      if (found === undefined) throw new Error(`The stack has no ${name}`);
      return found[1];
    },

    /** What the account holds, as its services say, by the types of CloudFormation: text in which each physical id stands. */
    async existing(): Promise<Record<string, string>> {
      const listed = async (service: string, target: string, input: object = {}) =>
        JSON.stringify(await json(service, target, input));
      return {
        'AWS::DynamoDB::GlobalTable': await listed('dynamodb', 'DynamoDB_20120810.ListTables'),
        'AWS::SQS::Queue': await listed('sqs', 'AmazonSQS.ListQueues'),
        'AWS::KMS::Key': await listed('kms', 'TrentService.ListKeys'),
        'AWS::SecretsManager::Secret': await listed('secretsmanager', 'secretsmanager.ListSecrets'),
        'AWS::Logs::LogGroup': await listed('logs', 'Logs_20140328.DescribeLogGroups'),
        'AWS::Lambda::Function': await call({ service: 'lambda', method: 'GET', path: '/2015-03-31/functions' }),
        'AWS::ApiGatewayV2::Api': await call({ service: 'apigateway', method: 'GET', path: '/v2/apis' }),
        'AWS::IAM::Role': await query('iam', { Action: 'ListRoles' }),
        'AWS::Events::Rule': await listed('events', 'AWSEvents.ListRules'),
      };
    },
  };
}

const VERSIONS = { cloudformation: '2010-05-15', iam: '2010-05-08' };
const BUCKET = `cdk-hnb659fds-assets-${ACCOUNT}-${REGION}`;

/** A name in an asset manifest, as the CLI completes it. */
function inAccount(name: string): string {
  return name.replaceAll(`\${AWS::AccountId}`, ACCOUNT).replaceAll(`\${AWS::Region}`, REGION);
}
