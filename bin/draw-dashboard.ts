import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { createApp } from '../lib/app.ts';
import { drawDashboard } from './dashboard-picture.ts';

/** Draws the dashboard as the stack makes it, for docs/watching.md: what is asked in which order, without figures. */
const outdir = mkdtempSync(join(tmpdir(), 'posthorn-dashboard-'));
try {
  const app = createApp({ appProps: { outdir, context: { 'aws:cdk:bundling-stacks': [] } } });
  const stack = app.node.findChild('Posthorn');
  if (!Stack.isStack(stack)) throw new Error('The app holds no stack named Posthorn');
  writeFileSync(new URL('../docs/dashboard.svg', import.meta.url), drawDashboard(Template.fromStack(stack).toJSON()));
} finally {
  rmSync(outdir, { recursive: true });
}
