import type { Template } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { posthornStack, propertiesOf, synthesize } from './synthesize.ts';

const lambdas = () => Object.keys(propertiesOf(synthesize(), 'AWS::Lambda::Function')).sort();
const aliases = () => lambdas().map((name) => `${name}Aliaslive`);

/** What is invoked by queues, schedule and API. */
function invoked(template: Template): string[] {
  const sources = Object.values(propertiesOf(template, 'AWS::Lambda::EventSourceMapping'));
  const targets = Object.values(propertiesOf(template, 'AWS::Events::Rule')).flatMap(({ Targets }) =>
    Array.isArray(Targets) ? Targets : [],
  );
  const integrations = Object.values(propertiesOf(template, 'AWS::ApiGatewayV2::Integration'));
  const values = [
    ...sources.map(({ FunctionName }) => FunctionName),
    ...targets.map(({ Arn }) => Arn),
    ...integrations.map(({ IntegrationUri }) => IntegrationUri),
  ];
  const names = values.flatMap(
    (value) => JSON.stringify(value).match(/Posthorn\w+FunctionLambda\w*(?=[0-9A-F]{8})/g) ?? [],
  );
  return [...new Set(names)].sort();
}

test('by default a new version takes over in one go, and there is no alias', () => {
  const template = synthesize();
  template.resourceCountIs('AWS::Lambda::Alias', 0);
  template.resourceCountIs('AWS::CodeDeploy::DeploymentGroup', 0);
  expect(invoked(template)).toEqual(lambdas());
});

test('with canary, everything that invokes a function invokes its alias', () => {
  const template = synthesize({ rollout: 'canary' });
  expect(invoked(template)).toEqual(aliases());
  expect(Object.keys(propertiesOf(template, 'AWS::Lambda::Alias')).sort()).toEqual(aliases());
  const { Qualifier } = Object(Object.values(propertiesOf(template, 'AWS::Lambda::EventInvokeConfig'))[0]);
  expect(JSON.stringify(Qualifier)).toContain('PosthornSweepFunctionLambdaAliaslive');
});

test('with canary, CodeDeploy moves a tenth first, and goes back when the new version fails', () => {
  const template = synthesize({ rollout: 'canary' });
  const groups = Object.values(propertiesOf(template, 'AWS::CodeDeploy::DeploymentGroup'));
  expect(groups).toHaveLength(lambdas().length);
  for (const group of groups) {
    expect(group).toMatchObject({
      DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
      AlarmConfiguration: { Enabled: true, Alarms: [{ Name: expect.anything() }] },
      AutoRollbackConfiguration: { Enabled: true, Events: expect.arrayContaining(['DEPLOYMENT_STOP_ON_ALARM']) },
    });
  }
  for (const alias of Object.values(template.findResources('AWS::Lambda::Alias')))
    expect(alias.UpdatePolicy).toHaveProperty('CodeDeployLambdaAliasUpdate');
  // Quick enough for the five minutes, and of the alias alone.
  const alarms = Object.entries(propertiesOf(template, 'AWS::CloudWatch::Alarm')).filter(([id]) =>
    id.includes('Rollout'),
  );
  expect(alarms).toHaveLength(lambdas().length);
  for (const [, alarm] of alarms)
    expect(alarm).toMatchObject({
      MetricName: 'Errors',
      Period: 60,
      EvaluationPeriods: 3,
      DatapointsToAlarm: 2,
      Dimensions: expect.arrayContaining([expect.objectContaining({ Name: 'Resource' })]),
    });
});

test('with allAtOnce the alias stays, and no alarm holds a fix up', () => {
  const template = synthesize({ rollout: 'allAtOnce' });
  expect(invoked(template)).toEqual(aliases());
  for (const group of Object.values(propertiesOf(template, 'AWS::CodeDeploy::DeploymentGroup'))) {
    expect(group).toMatchObject({ DeploymentConfigName: 'CodeDeployDefault.LambdaAllAtOnce' });
    expect(group).not.toHaveProperty('AlarmConfiguration.Alarms');
  }
});

test('another rollout is refused', () => {
  expect(() => posthornStack({}, { rollout: 'blue' })).toThrow('rollout: must be one of direct, canary, allAtOnce');
});
