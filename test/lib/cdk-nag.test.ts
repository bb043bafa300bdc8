import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack, Validations } from 'aws-cdk-lib';
import { AccountPrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, test, vi } from 'vitest';
import { createApp } from '../../lib/app.ts';
import { temporaryFolder } from './synthesize.ts';

// Starting CDK's own checks takes seconds by itself, on a busy machine many: 85 at a load of 15 on two cores.
vi.setConfig({ testTimeout: 240_000 });

/** Without it the report has a warning, which is no finding. */
const TOPIC = 'arn:aws:sns:eu-central-1:111122223333:alarms';

function checkedApp(context: Record<string, unknown> = {}) {
  const outdir = temporaryFolder();
  const app = createApp({
    appProps: { outdir, context: { 'aws:cdk:bundling-stacks': [], alarmTopicArn: TOPIC, ...context } },
    overrides: { publishers: [new AccountPrincipal('111122223333')] },
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const report = () => JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8'));
  return { app, report };
}

test.each([
  ['by default', {}],
  [
    'with everything that can be added',
    {
      eventBusName: 'hr',
      eventPattern: { source: ['hr'] },
      warningTopicArn: TOPIC,
      xrayTracing: true,
      vpc: 'new',
      domainName: 'hooks.example.com',
      hostedZone: { id: 'Z0123456789', name: 'example.com' },
      corsOrigins: 'https://portal.example.com',
      dataKey: 'new',
      tags: { team: 'integrations' },
      rollout: 'canary',
      console: { cloudFront: true },
    },
  ],
])('cdk-nag’s AwsSolutions finds nothing that is not acknowledged, %s', (_, context) => {
  const { app, report } = checkedApp(context);
  app.synth();
  expect(report()).toMatchObject({ pluginReports: [] });
});

test('it does look at this stack: a queue that lacks all care is found', () => {
  const { app, report } = checkedApp();
  new Queue(Stack.of(app.node.findChild('Posthorn')), 'Careless');
  expect(() => app.synth()).toThrow('AwsSolutions-SQS3');
  expect(report()).toMatchObject({ pluginReports: [{ pluginName: 'AwsSolutions', conclusion: 'failure' }] });
});
