import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import * as z from 'zod';
import { FUNCTION_NAMES, type FunctionName } from '../functions/names.ts';

/** A function's code as it is deployed. */
export interface Bundle {
  name: FunctionName;
  file: string;
  bytes: number;
  /** Its variables; what is known only in an account stands as some address. */
  environment: Record<string, string>;
}

const Template = z.object({ Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.unknown() })) });
const Properties = z.object({
  Code: z.object({ S3Key: z.string() }),
  Environment: z.object({ Variables: z.record(z.string(), z.string().catch('https://known-when-deployed.example/')) }),
});

/** The bundles of a synthesised app. */
export function readBundles(outdir: string): Bundle[] {
  const { Resources } = Template.parse(JSON.parse(readFileSync(join(outdir, 'Posthorn.template.json'), 'utf8')));
  const functions = Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::Lambda::Function')
    .flatMap((resource) => {
      const parsed = Properties.safeParse(resource.Properties);
      return parsed.success ? [parsed.data] : [];
    });
  return FUNCTION_NAMES.map((name) => {
    const found = functions.find(
      ({ Environment }) => Environment.Variables.POWERTOOLS_SERVICE_NAME === `posthorn-${name}`,
    );
    if (found === undefined) throw new Error(`the template has no function ${name}`);
    const file = join(outdir, `asset.${found.Code.S3Key.replace('.zip', '')}`, 'index.mjs');
    return { name, file, bytes: statSync(file).size, environment: found.Environment.Variables };
  });
}

/** What a bundle may have. `startMs`: CPU to import it. */
export const BUDGETS: Record<FunctionName, { bytes: number; startMs: number }> = {
  api: { bytes: 800_000, startMs: 180 },
  ingest: { bytes: 450_000, startMs: 80 },
  deliver: { bytes: 360_000, startMs: 80 },
  sweep: { bytes: 235_000, startMs: 80 },
  jobs: { bytes: 300_000, startMs: 80 },
  console: { bytes: 110_000, startMs: 80 },
  canary: { bytes: 210_000, startMs: 80 },
};

/** What `YARDSTICK` takes on a machine of two cores with nothing else to do; the budgets are for that machine. */
const YARDSTICK_MS = 16;
/** About what Node itself needs for a bundle. */
const YARDSTICK = 'data:text/javascript,import "node:https";import "node:crypto";import "node:zlib"';
const ROUNDS = 7;

/**
 * How much CPU it takes to import a bundle, milliseconds: the least of several rounds, each beside a yardstick, so that a machine with
 * other work, or another one, comes to about the same. `loadsUndici`: Node's own copy, which no function needs.
 */
export async function measureStart({ file, environment }: Bundle): Promise<{ cpuMs: number; loadsUndici: boolean }> {
  const taken: number[] = [];
  const yardsticks: number[] = [];
  let loadsUndici = false;
  for (let round = 0; round < ROUNDS; round += 1) {
    yardsticks.push((await importOnce(YARDSTICK, {})).cpuMs);
    const one = await importOnce(pathToFileURL(file).href, environment);
    taken.push(one.cpuMs);
    loadsUndici = one.loadsUndici;
  }
  return { cpuMs: (Math.min(...taken) * YARDSTICK_MS) / Math.min(...yardsticks), loadsUndici };
}

const Measured = z.object({ cpuMs: z.number(), loadsUndici: z.boolean() });

async function importOnce(url: string, environment: Record<string, string>): Promise<z.infer<typeof Measured>> {
  const code = `const before = process.cpuUsage();
    await import(${JSON.stringify(url)});
    const { user, system } = process.cpuUsage(before);
    const loadsUndici = process.moduleLoadList.some((name) => name.includes('undici'));
    console.log(JSON.stringify({ cpuMs: (user + system) / 1_000, loadsUndici }));
    process.exit();`;
  const env = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none', ...environment };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { env });
  return Measured.parse(JSON.parse(stdout));
}
