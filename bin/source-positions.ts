import { SourceMap } from 'node:module';
import { build } from 'esbuild';
import type { FunctionName } from '../functions/names.ts';
import { BUNDLING } from '../lib/constructs/bundling.ts';

export interface MappedBundle {
  /** The same as the stack deploys. */
  code: string;
  map: SourceMap;
}

/** Bundles a function as the stack does, with a source map beside it. */
export async function bundleWithMap(name: FunctionName): Promise<MappedBundle> {
  const { outputFiles } = await build({
    ...BUNDLING,
    entryPoints: [`functions/${name}/index.ts`],
    outfile: 'index.mjs',
    write: false,
    sourcemap: 'external',
    sourcesContent: false,
  });
  const textOf = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  return { code: textOf('.mjs'), map: new SourceMap(JSON.parse(textOf('.map'))) };
}

/** Puts the positions of the source in the place of those of the bundle. What is not of the bundle stays as it is. */
export function mapStack(stack: string, map: SourceMap): string {
  return stack.replaceAll(/(?:file:\/\/)?[^\s("]*\bindex\.mjs:(\d+):(\d+)/g, (position, line, column) => {
    const origin = map.findOrigin(Number(line), Number(column));
    return 'fileName' in origin ? `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}` : position;
  });
}
