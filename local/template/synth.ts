import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface SynthesisedTemplate {
  stackName: string;
  content: unknown;
}

/** @param dir where the cloud assembly goes, with the functions' bundles */
export type Synthesise = (dir: string, context: Record<string, string>) => Promise<SynthesisedTemplate>;

/** All that the assembly is made from. */
const SOURCES = [
  'lib/**/*.ts',
  'functions/**/*',
  'bench/prices.ts',
  'console/**/*',
  'bin/build-console.ts',
  'package.json',
  'package-lock.json',
  'cdk.json',
  'local/template/synth.ts',
];

/**
 * Synthesises Posthorn's stack for one machine: no network, no account, no CLI. It takes seconds, most of them for seven
 * bundles, so the assembly of the last start is taken again if nothing has changed that it was made from.
 */
export const synthesisePosthorn: Synthesise = async (dir, context) => {
  const fingerprintFile = join(dir, 'fingerprint');
  const templateFile = join(dir, 'one-machine.json');
  const fingerprint = fingerprintOf(context);
  if (existsSync(fingerprintFile) && readFileSync(fingerprintFile, 'utf8') === fingerprint) {
    return JSON.parse(readFileSync(templateFile, 'utf8'));
  }

  const [{ createApp }, { Annotations }] = await Promise.all([import('../../lib/app.ts'), import('aws-cdk-lib')]);
  rmSync(dir, { recursive: true, force: true });
  const app = createApp({
    // The canary is for those who are not looking: here it would be a tenant and events that no one sent.
    appProps: { outdir: dir, context: { canary: 'false', ...context }, analyticsReporting: false },
    // Receivers on one machine are on the loopback, and have no certificates.
    overrides: { allowedPrivateRanges: ['127.0.0.0/8', '::1/128'], allowHttp: true },
  });
  Annotations.of(app).acknowledgeWarning('posthorn:noAlarmTopic', 'One machine has no alarms.');
  const [stack] = app.synth().stacks;
  if (!stack) throw new Error('The app has no stack');
  const template = { stackName: stack.stackName, content: stack.template };
  writeFileSync(templateFile, JSON.stringify(template));
  // Last: what was cut short has none.
  writeFileSync(fingerprintFile, fingerprint);
  return template;
};

/** Of all that an assembly with this context is made from. */
export function fingerprintOf(context: Record<string, string>): string {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const hash = createHash('sha256').update(JSON.stringify([process.version, Object.entries(context).sort()]));
  const files = globSync(SOURCES, { cwd: root, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of files.map((file) => join(file.parentPath, file.name)).sort()) {
    hash.update(`\n${path}\n`).update(readFileSync(path));
  }
  return hash.digest('hex');
}
