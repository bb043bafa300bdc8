import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { messageOf, StartError } from '../errors.ts';
import { readIfThere } from '../files.ts';
import type { Synthesis } from './synth-process.ts';

const SYNTH = fileURLToPath(new URL('./synth-process.ts', import.meta.url));

export interface SynthesisedTemplate {
  stackName: string;
  content: unknown;
}

/**
 * @param dir where the cloud assembly goes, with the functions' bundles
 * @param signal aborted: gives up
 */
export type Synthesise = (
  dir: string,
  context: Record<string, string>,
  signal?: AbortSignal,
) => Promise<SynthesisedTemplate>;

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
  'local/template/context.ts',
  'local/template/synth-process.ts',
];

/**
 * Synthesises Posthorn's stack for one machine: no network, no account, no CLI. It takes seconds, most of them for seven
 * bundles, so the assembly of the last start is taken again if nothing has changed that it was made from.
 */
export const synthesisePosthorn: Synthesise = async (dir, context, signal) => {
  const fingerprintFile = join(dir, 'fingerprint');
  const templateFile = join(dir, 'one-machine.json');
  const fingerprint = fingerprintOf(context);
  if (readIfThere(fingerprintFile) !== fingerprint) {
    rmSync(dir, { recursive: true, force: true });
    await run(SYNTH, { dir, context, templateFile }, signal);
    // Last: what was cut short has none.
    writeFileSync(fingerprintFile, fingerprint);
  }
  return JSON.parse(readFileSync(templateFile, 'utf8'));
};

async function run(file: string, synthesis: Synthesis, signal?: AbortSignal): Promise<void> {
  const options = { ...(signal && { signal }), maxBuffer: Number.POSITIVE_INFINITY };
  try {
    await promisify(execFile)(process.execPath, [file, JSON.stringify(synthesis)], options);
  } catch (error) {
    signal?.throwIfAborted();
    const said = z.object({ stderr: z.string() }).safeParse(error).data?.stderr ?? messageOf(error);
    throw new StartError(`The stack could not be synthesised:\n${said}`);
  }
}

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
