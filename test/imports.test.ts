import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const HANDLERS = ['api', 'authorizer', 'deliver', 'ingest', 'sweep'].map((name) => `functions/${name}`);

/** What a folder may import: folders and files of the project, then packages (any, if none are named). */
const RULES: Record<string, { own: readonly string[]; packages?: readonly string[] }> = {
  'functions/core': {
    own: [],
    packages: ['zod', 'node:crypto', 'jsonc-parser', 'ulid', 'ipaddr.js', '@cfworker/json-schema'],
  },
  'functions/adapters': { own: ['functions/core', 'functions/contract.ts'] },
  ...Object.fromEntries(
    HANDLERS.map((handler) => [
      handler,
      { own: ['functions/core', 'functions/adapters', 'functions/contract.ts', 'functions/version.ts'] },
    ]),
  ),
  // The catalogues that Posthorn brings are data, and travel with the API.
  'functions/api/catalogues.ts': { own: ['functions/core', 'catalogues'], packages: [] },
  'functions/contract.ts': { own: [], packages: [] },
  'functions/version.ts': { own: ['package.json'], packages: [] },
  lib: { own: ['functions/contract.ts', 'package.json', 'cdk.json'] },
};

/** Each module that a file imports, for its values or for its types. */
function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*(['"])([^'"\n]+)\1/g)].map(([, , module = '']) => module);
}

/** The folder of the rules that a path belongs to; null for what no rule is about. */
function folderOf(path: string): string | null {
  const folders = Object.keys(RULES).filter((folder) => path === folder || path.startsWith(`${folder}/`));
  return folders.sort((a, b) => b.length - a.length)[0] ?? null;
}

function breachesOf(path: string, text: string): string[] {
  const folder = folderOf(path);
  const rule = folder === null ? undefined : RULES[folder];
  if (rule === undefined) return [`${path}: no rule says what it may import`];
  return importsOf(text).flatMap((module) => {
    if (!module.startsWith('.')) {
      const name = builtinModules.includes(module) ? `node:${module}` : module;
      return rule.packages === undefined || rule.packages.includes(name) ? [] : [`${path} imports ${module}`];
    }
    const target = posix.join(posix.dirname(path), module);
    const allowed = [folder ?? '', ...rule.own].some((own) => target === own || target.startsWith(`${own}/`));
    return allowed ? [] : [`${path} imports ${target}`];
  });
}

/** Folders that reach themselves through others. */
function cyclesOf(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const reaches = (from: string, goal: string, seen = new Set<string>()): boolean =>
    [...(edges.get(from) ?? [])].some((next) => {
      if (next === goal) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return reaches(next, goal, seen);
    });
  return [...edges.keys()].filter((folder) => reaches(folder, folder));
}

function edgesOf(files: readonly { path: string; text: string }[]): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>();
  for (const { path, text } of files) {
    const from = folderOf(path) ?? posix.dirname(path);
    for (const module of importsOf(text).filter((one) => one.startsWith('.'))) {
      const target = posix.join(posix.dirname(path), module);
      const to = folderOf(target) ?? posix.dirname(target);
      if (to !== from) edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
  }
  return edges;
}

const files = globSync(['functions/**/*.ts', 'lib/**/*.ts'], { cwd: ROOT })
  .map((path) => path.replaceAll('\\', '/'))
  .sort()
  .map((path) => ({ path, text: readFileSync(`${ROOT}/${path}`, 'utf8') }));

describe('imports point one way', () => {
  it.each(files)('$path', ({ path, text }) => {
    expect(breachesOf(path, text)).toEqual([]);
  });

  it('there are files in every folder that a rule is about', () => {
    expect(new Set(files.map(({ path }) => folderOf(path)))).toEqual(new Set(Object.keys(RULES)));
  });

  it('no folder reaches itself through another', () => {
    expect(cyclesOf(edgesOf(files))).toEqual([]);
  });
});

describe('a breach is seen', () => {
  it.each<[string, string, string]>([
    [
      'functions/core/a.ts',
      "import { X } from '../adapters/x.ts';",
      'functions/core/a.ts imports functions/adapters/x.ts',
    ],
    [
      'functions/core/a.ts',
      "import type { X } from '../contract.ts';",
      'functions/core/a.ts imports functions/contract.ts',
    ],
    [
      'functions/core/a.ts',
      "import { readFile } from 'node:fs/promises';",
      'functions/core/a.ts imports node:fs/promises',
    ],
    ['functions/core/a.ts', "import {\n  a,\n  b,\n} from 'undici';", 'functions/core/a.ts imports undici'],
    ['functions/core/a.ts', "const x = await import('undici');", 'functions/core/a.ts imports undici'],
    ['functions/core/a.ts', "export { x } from './../api/x.ts';", 'functions/core/a.ts imports functions/api/x.ts'],
    ['functions/core/a.ts', "import 'fs';", 'functions/core/a.ts imports fs'],
    ['functions/adapters/a.ts', "import '../api/x.ts';", 'functions/adapters/a.ts imports functions/api/x.ts'],
    [
      'functions/adapters/b/a.ts',
      "import '../../version.ts';",
      'functions/adapters/b/a.ts imports functions/version.ts',
    ],
    [
      'functions/api/a.ts',
      "import '../deliver/handler.ts';",
      'functions/api/a.ts imports functions/deliver/handler.ts',
    ],
    ['functions/api/a.ts', "import '../../local/x.ts';", 'functions/api/a.ts imports local/x.ts'],
    ['lib/a.ts', "import '../functions/core/x.ts';", 'lib/a.ts imports functions/core/x.ts'],
    ['lib/a.ts', "import '../test/x.ts';", 'lib/a.ts imports test/x.ts'],
    ['functions/more/a.ts', '', 'functions/more/a.ts: no rule says what it may import'],
  ])('%s', (path, text, breach) => {
    expect(breachesOf(path, text)).toEqual([breach]);
  });

  it('as is a cycle over three folders', () => {
    const ring = [
      { path: 'a/x/1.ts', text: "import '../y/1.ts';" },
      { path: 'a/y/1.ts', text: "import '../../b/1.ts';" },
      { path: 'b/1.ts', text: "import '../a/x/1.ts';" },
      { path: 'c/1.ts', text: "import '../b/1.ts';" },
    ];
    expect(cyclesOf(edgesOf(ring)).toSorted()).toEqual(['a/x', 'a/y', 'b']);
  });
});
