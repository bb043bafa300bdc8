import { type RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  CfnEIP,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type ISecurityGroup,
  type IVpc,
  NatProvider,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Effect, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

export interface NetworkProps {
  /** One that stands already, with private subnets whose traffic leaves through NAT; `new`: one is made. */
  readonly vpc: IVpc | 'new';
  /** Of an existing VPC: its ranges besides its first one. */
  readonly furtherRanges: readonly string[];
  readonly removalPolicy: RemovalPolicy;
}

/** A VPC that is made here. Receivers must not be in it, so no other network needs to fit beside it. */
const OWN_RANGE = '10.254.0.0/16';
/** Two zones, with a NAT gateway each: without one of them half of the attempts would fail. */
const ZONES = 2;

/** The network that functions which call receivers are in, so that their requests come from fixed addresses. */
export class Network extends Construct {
  readonly vpc: IVpc;
  readonly securityGroup: ISecurityGroup;
  /** CIDR blocks that no receiver may be in. */
  readonly ranges: readonly string[];
  /** The addresses that receivers see; none where the VPC is not made here. */
  readonly egressAddresses: readonly string[];

  constructor(scope: Construct, id: string, { vpc, furtherRanges, removalPolicy }: NetworkProps) {
    super(scope, id);

    const addresses = vpc === 'new' ? this.makeAddresses(removalPolicy) : [];
    this.vpc = vpc === 'new' ? this.makeVpc(addresses) : vpc;
    this.egressAddresses = addresses.map(({ ref }) => ref);
    this.ranges = [vpc === 'new' ? OWN_RANGE : this.vpc.vpcCidrBlock, ...furtherRanges];

    // Nothing comes in; receivers may listen on any port.
    const group = new SecurityGroup(this, 'SecurityGroup', {
      vpc: this.vpc,
      description: 'Posthorn: requests to receivers',
      allowAllOutbound: false,
    });
    group.addEgressRule(Peer.anyIpv4(), Port.allTcp(), 'Receivers, and AWS');
    this.securityGroup = group;
  }

  /** Where a function is to run. */
  get placement() {
    return {
      vpc: this.vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS },
      securityGroups: [this.securityGroup],
    };
  }

  /** What Lambda does in a function's name to connect it. The function itself may not: its code runs beside tenants' requests. */
  allowUse(role: Role): void {
    const actions = [
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVpcs',
      'ec2:UnassignPrivateIpAddresses',
    ];
    role.addToPolicy(new PolicyStatement({ actions, resources: ['*'] }));
    role.addToPolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        actions,
        resources: ['*'],
        // Set where code of a function calls, and not where Lambda does. The function's own ARN is not known here yet.
        conditions: { Null: { 'lambda:SourceFunctionArn': 'false' } },
      }),
    );
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'Lambda makes network interfaces, which have no names beforehand; the function itself is denied them.',
    });
  }

  /** Receivers have these in their allow lists: they outlive the stack. */
  private makeAddresses(removalPolicy: RemovalPolicy): CfnEIP[] {
    return Array.from({ length: ZONES }, (_, zone) => {
      const address = new CfnEIP(this, `Address${zone + 1}`, { domain: 'vpc' });
      address.applyRemovalPolicy(removalPolicy);
      return address;
    });
  }

  private makeVpc(addresses: readonly CfnEIP[]): IVpc {
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(OWN_RANGE),
      maxAzs: ZONES,
      natGateways: ZONES,
      natGatewayProvider: NatProvider.gateway({
        eipAllocationIds: addresses.map(({ attrAllocationId }) => attrAllocationId),
      }),
      subnetConfiguration: [
        { name: 'Public', subnetType: SubnetType.PUBLIC, cidrMask: 28, mapPublicIpOnLaunch: false },
        // Lambda shares one network interface among many environments, so this is ample.
        { name: 'Private', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 },
      ],
      // Free, and most of the functions' calls to AWS; the others leave through NAT.
      gatewayEndpoints: { DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB } },
      restrictDefaultSecurityGroup: false,
    });
    Validations.of(vpc).acknowledge({
      id: 'AwsSolutions-VPC7',
      reason: 'The journal records each request that leaves, with its URL and what came of it.',
    });
    // Its types differ in optional properties alone, of which CDK makes less than our compiler does.
    return vpc as IVpc;
  }
}
