import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { describe, expect, test } from 'vitest';
import { Posthorn } from '../../lib/posthorn.ts';
import { plainValue, propertiesOf, synthesize, templateOnly } from './synthesize.ts';

const FUNCTION = 'AWS::Lambda::Function';
const IN_VPC = ['Api', 'Deliver'];

function placed(template: Template): string[] {
  return Object.entries(propertiesOf(template, FUNCTION)).flatMap(([id, { VpcConfig }]) =>
    VpcConfig === undefined ? [] : [id.replace(/^[A-Z][a-z]+|FunctionLambda$/g, '')],
  );
}

function deniedRanges(template: Template): unknown[] {
  return Object.values(propertiesOf(template, FUNCTION)).flatMap(({ Environment }) => {
    const { DENIED_RANGES } = Object(Environment).Variables;
    return DENIED_RANGES === undefined ? [] : [DENIED_RANGES];
  });
}

describe('a VPC that is made here', () => {
  let made: Template | undefined;
  const template = () => {
    made ??= synthesize({ vpc: 'new' });
    return made;
  };

  test('holds the functions that call receivers, and no other', () => {
    expect(placed(template())).toEqual(expect.arrayContaining(IN_VPC));
    expect(placed(template())).toHaveLength(2);
    expect(placed(synthesize())).toEqual([]);
  });

  test('has two NAT gateways with addresses that outlive the stack and are put out', () => {
    template().resourceCountIs('AWS::EC2::NatGateway', 2);
    template().allResources('AWS::EC2::EIP', { DeletionPolicy: 'RetainExceptOnCreate' });
    template().resourceCountIs('AWS::EC2::EIP', 2);
    const { EgressAddress1, EgressAddress2 } = template().findOutputs('*');
    expect([EgressAddress1, EgressAddress2].map((output) => plainValue(output?.Value))).toEqual([
      'PosthornNetworkAddress1',
      'PosthornNetworkAddress2',
    ]);
  });

  test('reaches DynamoDB without NAT', () => {
    template().hasResourceProperties('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Gateway' });
    expect(JSON.stringify(template().findResources('AWS::EC2::VPCEndpoint'))).toContain('.dynamodb');
  });

  test('is where no receiver may be', () => {
    const { CidrBlock } = Object(propertiesOf(template(), 'AWS::EC2::VPC').PosthornNetworkVpc);
    expect(CidrBlock).toMatch(/^10\./);
    expect(deniedRanges(template())).toEqual([CidrBlock, CidrBlock]);
    expect(deniedRanges(synthesize())).toEqual(['', '']);
  });

  test('lets nothing in', () => {
    const groups = Object.values(propertiesOf(template(), 'AWS::EC2::SecurityGroup'));
    expect(groups).toHaveLength(1);
    expect(groups[0]).toMatchObject({ SecurityGroupEgress: [{ IpProtocol: 'tcp', FromPort: 0, ToPort: 65_535 }] });
    expect(groups[0]).not.toHaveProperty('SecurityGroupIngress');
    template().resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
  });

  test('is connected by Lambda, while the functions’ own code may make no network interface', () => {
    for (const name of IN_VPC) {
      const policy = propertiesOf(template(), 'AWS::IAM::Policy')[`Posthorn${name}FunctionRoleDefaultPolicy`];
      const statements: unknown[] = Object(policy?.PolicyDocument).Statement;
      const ofNetwork = statements.filter((one) => JSON.stringify(one).includes('ec2:CreateNetworkInterface'));
      expect(ofNetwork.map((one) => Object(one).Effect).sort()).toEqual(['Allow', 'Deny']);
      expect(ofNetwork.find((one) => Object(one).Effect === 'Deny')).toMatchObject({
        Condition: { Null: { 'lambda:SourceFunctionArn': 'false' } },
      });
    }
  });
});

describe('a VPC that stands already', () => {
  const existing = {
    vpcId: 'vpc-1',
    range: '172.31.0.0/16',
    privateSubnetIds: ['subnet-1', 'subnet-2'],
    availabilityZones: ['eu-central-1a', 'eu-central-1b'],
  };

  test('is named by a setting, with its further ranges', () => {
    const template = synthesize({}, { vpc: JSON.stringify(existing), vpcFurtherRanges: '44.1.0.0/16,2600:1f18::/56' });
    expect(placed(template)).toHaveLength(2);
    expect(propertiesOf(template, FUNCTION).PosthornDeliverFunctionLambda?.VpcConfig).toMatchObject({
      SubnetIds: ['subnet-1', 'subnet-2'],
    });
    expect(deniedRanges(template)).toEqual(Array(2).fill('172.31.0.0/16,44.1.0.0/16,2600:1f18::/56'));
    for (const type of ['VPC', 'NatGateway', 'EIP']) template.resourceCountIs(`AWS::EC2::${type}`, 0);
  });

  test('is given as a construct', () => {
    const stack = new Stack(new App(templateOnly()), 'Payroll');
    new Posthorn(stack, 'Webhooks', { vpc: new Vpc(stack, 'Vpc', { restrictDefaultSecurityGroup: false }) as IVpc });
    const template = Template.fromStack(stack);
    expect(deniedRanges(template).map(plainValue)).toEqual(Array(2).fill('Vpc.CidrBlock'));
  });

  test.each([
    ['old', 'vpc: '],
    [JSON.stringify({ ...existing, range: '172.31.0.0' }), 'must be the CIDR block of the VPC'],
    [JSON.stringify({ ...existing, privateSubnetIds: [] }), 'vpc.privateSubnetIds'],
  ])('%s is refused', (vpc, message) => {
    expect(() => synthesize({}, { vpc })).toThrow(message);
  });
});
