import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AppProps, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { onTestFinished } from 'vitest';
import { createApp } from '../../lib/app.ts';
import type { PosthornProps } from '../../lib/posthorn-props.ts';

/** A template does not depend on the bundles, nor on CDK's own checks of it (cdk-nag.test.ts runs these): each takes seconds. */
export function templateOnly(context: Record<string, unknown> = {}): AppProps {
  return {
    outdir: temporaryFolder(),
    context: { 'aws:cdk:bundling-stacks': [], ...context },
    builtinCloudFormationValidation: false,
  };
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** The app's own stack, with props and CDK context as given. */
export function posthornStack(overrides: PosthornProps = {}, context: Record<string, unknown> = {}): Stack {
  const app = createApp({ appProps: templateOnly(context), overrides });
  const stack = app.node.findChild('Posthorn');
  if (!Stack.isStack(stack)) throw new Error('The app holds no stack named Posthorn');
  return stack;
}

export function synthesize(overrides?: PosthornProps, context?: Record<string, unknown>): Template {
  if (overrides || context) return Template.fromStack(posthornStack(overrides, context));
  untuned ??= Template.fromStack(posthornStack());
  return untuned;
}

/** Most tests look at this one; a test cannot change it. */
let untuned: Template | undefined;

/** Logical ids end in a hash of the construct's path: without it they can be read, and stand in tables of expectations. */
export function plainName(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}$/, '');
}

/** The properties of every resource of a type, by the resource's plain name. */
export function propertiesOf(template: Template, type: string): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(template.findResources(type)).map(([id, { Properties }]) => [plainName(id), Properties]),
  );
}

/** A value of the template as text: `Queue.Arn` for an attribute, `Queue` for a reference, the joined text for a join. */
export function plainValue(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [intrinsic, argument] = Object.entries(value)[0] ?? [];
  if (intrinsic === 'Ref') return plainName(String(argument));
  if (intrinsic === 'Fn::GetAtt' && Array.isArray(argument)) return `${plainName(String(argument[0]))}.${argument[1]}`;
  if (intrinsic === 'Fn::Join' && Array.isArray(argument)) return argument[1].map(plainValue).join(argument[0]);
  throw new Error(`Neither a reference, an attribute nor a join: ${JSON.stringify(value)}`);
}
