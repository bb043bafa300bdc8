import { Duration, Validations } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaApplication, LambdaDeploymentConfig, LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Alias, IFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export const ROLLOUTS = ['direct', 'canary', 'allAtOnce'] as const;
export type Rollout = (typeof ROLLOUTS)[number];

/**
 * A function under an alias that CodeDeploy moves to each new version: with `canary` a tenth of the invocations for five
 * minutes, and all of them back if the new version fails meanwhile.
 */
export class RolledOut extends Construct {
  readonly entry: IFunction;
  private readonly alias: Alias;

  constructor(scope: Construct, id: string, lambda: LambdaFunction, rollout: Exclude<Rollout, 'direct'>) {
    super(scope, id);
    this.alias = lambda.addAlias('live');
    // The types differ in optional properties alone, of which CDK makes less than our compiler does.
    this.entry = this.alias as IFunction;

    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('codedeploy.amazonaws.com'),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSCodeDeployRoleForLambdaLimited')],
    });
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]',
      reason: 'AWS keeps the policy at what CodeDeploy needs of Lambda and CloudWatch.',
    });
    const isCanary = rollout === 'canary';
    new LambdaDeploymentGroup(this, 'Group', {
      application: new LambdaApplication(this, 'Application'),
      alias: this.alias,
      role,
      deploymentConfig: isCanary
        ? LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES
        : LambdaDeploymentConfig.ALL_AT_ONCE,
      // An alarm that is on when a deployment begins stops it: what mends a failing version comes by `allAtOnce`.
      ...(isCanary && { alarms: [this.makeAlarm()], autoRollback: { deploymentInAlarm: true } }),
    });
  }

  /** Goes off within the five minutes, which the alarms for people do not: they wait until a crash repeats itself. */
  private makeAlarm() {
    return this.alias.metricErrors({ period: Duration.minutes(1), statistic: 'Sum' }).createAlarm(this, 'Alarm', {
      alarmDescription: 'A new version fails: CodeDeploy goes back to the one before. It is told to no one.',
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      evaluationPeriods: 3,
      datapointsToAlarm: 2,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
