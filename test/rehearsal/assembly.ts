import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { createApp } from '../../lib/app.ts';
import { keepFolder } from '../../local/files.ts';
import { fingerprintOf } from '../../local/template/synth.ts';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/posthorn-rehearsal', import.meta.url));
const FILE = 'rehearsal.json';

const Manifest = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string(), packaging: z.enum(['file', 'zip']) }),
      destinations: z.record(z.string(), z.object({ bucketName: z.string(), objectKey: z.string() })),
    }),
  ),
});

const CloudAssembly = z.object({
  artifacts: z.object({ Posthorn: z.object({ properties: z.object({ terminationProtection: z.boolean() }) }) }),
});

export const Template = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({
      Type: z.string(),
      Properties: z.record(z.string(), z.unknown()).default({}),
      DeletionPolicy: z.string().optional(),
    }),
  ),
});
export type Template = z.infer<typeof Template>;

/** What `cdk deploy` would send: the template, and what it refers to in the bootstrap bucket. */
const StackAssembly = z.object({
  template: Template,
  terminationProtection: z.boolean(),
  assets: z.array(z.object({ folder: z.string(), bucketName: z.string(), objectKey: z.string() })),
});
export type StackAssembly = z.infer<typeof StackAssembly>;

const Assemblies = z.object({ asDelivered: StackAssembly, changed: StackAssembly });
type Assemblies = z.infer<typeof Assemblies>;

/** The settings of the update, as `-c key=value` gives them. */
const CHANGED = {
  // The rehearsal's receivers are on the loopback, and have no certificates.
  allowHttp: true,
  allowedPrivateRanges: ['127.0.0.0/8'],
  // The first retry comes after five seconds: it has to wait in the journal, and be swept.
  maxQueueWaitSeconds: 4,
  eventBusName: 'default',
  eventPattern: { source: ['rehearsal'] },
  systemEventsBusName: 'default',
  compatibility: ['keypay'],
};

/** The stack as `cdk synth` gives it, and with settings. The last synthesis is taken again if nothing has changed that it came from. */
export async function synthesise(): Promise<Assemblies> {
  const kept = join(CACHE, fingerprintOf({ for: readFileSync(fileURLToPath(import.meta.url), 'utf8') }));
  await keepFolder(kept, (folder) => {
    // Into one folder, so that the bundles, which take nearly all of the time, are made once.
    const made: Assemblies = { asDelivered: synthesiseInto(folder, {}), changed: synthesiseInto(folder, CHANGED) };
    writeFileSync(join(folder, FILE), JSON.stringify(made));
  });
  const { asDelivered, changed } = Assemblies.parse(JSON.parse(readFileSync(join(kept, FILE), 'utf8')));
  const inKept = (one: StackAssembly): StackAssembly => ({
    ...one,
    assets: one.assets.map((asset) => ({ ...asset, folder: join(kept, asset.folder) })),
  });
  return { asDelivered: inKept(asDelivered), changed: inKept(changed) };
}

/** Folders of assets are relative to `outdir`. */
function synthesiseInto(outdir: string, context: Record<string, unknown>): StackAssembly {
  // `npx cdk synth` makes CDK's own checks of the template; they take seconds.
  const appProps = { outdir, context, analyticsReporting: false, builtinCloudFormationValidation: false };
  createApp({ appProps }).synth();
  const read = (name: string) => JSON.parse(readFileSync(join(outdir, name), 'utf8'));
  const files = Object.values(Manifest.parse(read('Posthorn.assets.json')).files);
  const assets = files.flatMap(({ source, destinations }) =>
    source.packaging === 'zip' ? Object.values(destinations).map((one) => ({ ...one, folder: source.path })) : [],
  );
  const { terminationProtection } = CloudAssembly.parse(read('manifest.json')).artifacts.Posthorn.properties;
  return { template: Template.parse(read('Posthorn.template.json')), terminationProtection, assets };
}

/** The template with further settings, and the code of one that was synthesised with its bundles. */
export function templateLike({ template: { Resources } }: StackAssembly, settings: Record<string, unknown>): Template {
  const outdir = mkdtempSync(join(tmpdir(), 'posthorn-template-'));
  try {
    const context = { ...CHANGED, ...settings, 'aws:cdk:bundling-stacks': [] };
    createApp({ appProps: { outdir, context, builtinCloudFormationValidation: false } }).synth();
    const template = Template.parse(JSON.parse(readFileSync(join(outdir, 'Posthorn.template.json'), 'utf8')));
    for (const [id, { Type, Properties }] of Object.entries(template.Resources))
      if (Type === 'AWS::Lambda::Function') Properties.Code = Resources[id]?.Properties.Code;
    return template;
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/** The logical id of the function behind a handler. */
export function functionId({ Resources }: Template, name: string): string {
  const found = Object.entries(Resources).find(
    ([, { Type, Properties }]) => Type === 'AWS::Lambda::Function' && Properties.Description === `Posthorn: ${name}`,
  );
  if (found === undefined) throw new Error(`The template has no function ${name}`);
  return found[0];
}

/** A logical id without the hash that CDK adds. */
export function plainName(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}$/, '');
}
