import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const HANDLERS = ['deliver', 'ingest', 'sweep', 'jobs', 'console', 'canary'].map((name) => `functions/${name}`);
const CORE = 'functions/core';
const PURE_LIBRARIES = ['zod', 'node:crypto', 'ulid', 'ipaddr.js', 're2js'];

/** The core's folders, lowest first: each may import those before it, and files that stand beside the folders. */
const CORE_LAYERS = [
  'json',
  'event',
  'target',
  'profile',
  'tenant',
  'system-event',
  'subscription',
  'access',
  'delivery',
  'operations',
  'stats',
  'ingest',
  'jobs',
];
const CORE_FILES = [
  'ids.ts',
  'field-error.ts',
  'page.ts',
  'partial-failure.ts',
  'refusal.ts',
  'change-stored.ts',
  'step-budget.ts',
  'text-fields.ts',
  'vault.ts',
].map((file) => `${CORE}/${file}`);

/** What a folder may import: folders and files of the project, then packages (any, if none are named). */
const RULES: Record<string, { own: readonly string[]; packages?: readonly string[] }> = {
  [CORE]: { own: [], packages: PURE_LIBRARIES },
  ...Object.fromEntries(
    CORE_LAYERS.map((layer, index) => [
      `${CORE}/${layer}`,
      {
        own: [
          ...CORE_LAYERS.slice(0, index).map((below) => `${CORE}/${below}`),
          ...(layer === 'json' ? [] : CORE_FILES),
        ],
        packages: PURE_LIBRARIES,
      },
    ]),
  ),
  // Built-in profiles are data: a vendor's lies in the vendor's folder.
  [`${CORE}/profile/built-in-profiles.ts`]: { own: [`${CORE}/profile`, 'functions/vendors'], packages: [] },
  'functions/adapters': { own: [CORE, 'functions/names.ts'] },
  ...Object.fromEntries(
    HANDLERS.map((handler) => [
      handler,
      { own: [CORE, 'functions/adapters', 'functions/names.ts', 'functions/version.ts'] },
    ]),
  ),
  'functions/api/http': { own: [CORE, 'functions/adapters', 'functions/names.ts', 'functions/version.ts'] },
  'functions/api/schemas': { own: [CORE, 'functions/api/http'] },
  // Resources do not import each other.
  ...Object.fromEntries(
    globSync('functions/api/resources/*.ts', { cwd: ROOT }).map((file) => [
      file.replaceAll('\\', '/'),
      {
        own: [
          CORE,
          'functions/adapters',
          'functions/api/http',
          'functions/api/schemas',
          'functions/vendors/event-type-packs.ts',
          'functions/version.ts',
        ],
      },
    ]),
  ),
  // The API as it is deployed: what is ours, and the vendors' routes beside it.
  'functions/api/routes.ts': { own: [CORE, 'functions/adapters', 'functions/api', 'functions/vendors'] },
  'functions/api/handler.ts': { own: [CORE, 'functions/adapters', 'functions/api'] },
  'functions/api/index.ts': {
    own: [CORE, 'functions/adapters', 'functions/api', 'functions/names.ts', 'functions/version.ts'],
  },
  'functions/vendors/event-type-packs.ts': { own: [CORE, 'functions/vendors'] },
  'functions/vendors': {
    own: [CORE, 'functions/api/http', 'functions/api/schemas', 'functions/adapters', 'functions/names.ts'],
  },
  'functions/names.ts': { own: [], packages: [] },
  'functions/version.ts': { own: ['package.json'], packages: [] },
  // The dashboard counts by the prices that the benches count by.
  lib: { own: ['functions/names.ts', 'package.json', 'cdk.json', 'bench/prices.ts'] },
  // The one-machine runner: capabilities know how a template is read, and not who runs them.
  'local/errors.ts': { own: [], packages: [] },
  'local/clock.ts': { own: [], packages: [] },
  'local/v8-flags.ts': { own: ['package.json'], packages: [] },
  'local/listen.ts': { own: ['local/errors.ts'], packages: ['node:http'] },
  'local/template': { own: ['local/errors.ts', 'local/files.ts', 'lib/app.ts'] },
  'local/emulators': { own: ['local/errors.ts', 'local/clock.ts', 'local/listen.ts', 'node_modules/fauxqs/dist'] },
  'local/files.ts': { own: ['local/errors.ts'], packages: ['node:fs', 'node:path'] },
  'local/resources': {
    own: [
      'local/errors.ts',
      'local/files.ts',
      'local/clock.ts',
      'local/v8-flags.ts',
      'local/template',
      'functions/adapters/aws/calls.ts',
    ],
  },
  local: { own: ['functions/names.ts', 'functions/adapters/aws/calls.ts', 'receiver'] },
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
    // Data has no imports of its own.
    for (const module of importsOf(text).filter((one) => one.startsWith('.') && !one.endsWith('.json'))) {
      const target = posix.join(posix.dirname(path), module);
      const to = folderOf(target) ?? posix.dirname(target);
      if (to !== from) edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
  }
  return edges;
}

const files = globSync(['functions/**/*.ts', 'lib/**/*.ts', 'local/**/*.ts'], { cwd: ROOT })
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

describe("a package's own files", () => {
  const reachesInside = (text: string) => /node_modules\//.test(importsOf(text).join('\n'));

  it('are imported by the one emulator that cannot do without, and by no other file', () => {
    const everywhere = globSync('{bin,bench,functions,lib,local,receiver,test,testing}/**/*.ts', { cwd: ROOT });
    const reaching = everywhere.filter((path) => reachesInside(readFileSync(`${ROOT}/${path}`, 'utf8')));
    expect(reaching.map((path) => path.replaceAll('\\', '/'))).toEqual(['local/emulators/sqs.ts']);
  });
});

/** State of a module: a variable, or a collection that begins empty. */
const MODULE_STATE = /^(?:export )?(?:let|var) |^(?:export )?const [^=]+ = (?:new \w+(?:<[^(]*>)?\(\)|\[\]);/m;

describe('the core keeps nothing between calls', () => {
  it.each(files.filter(({ path }) => path.startsWith(`${CORE}/`)))('$path', ({ text }) => {
    expect(text).not.toMatch(MODULE_STATE);
  });

  it.each([
    'const keys = new Map<string, KeyObject>();',
    'export const seen = new WeakMap();',
    'let count = 0;',
    'const list: string[] = [];',
  ])('a breach is seen: %s', (line) => {
    expect(`import x from 'y';\n${line}\n`).toMatch(MODULE_STATE);
  });
});

describe('a breach is seen', () => {
  it.each<[string, string, string]>([
    [
      'functions/core/a.ts',
      "import { X } from '../adapters/x.ts';",
      'functions/core/a.ts imports functions/adapters/x.ts',
    ],
    ['functions/core/a.ts', "import type { X } from '../names.ts';", 'functions/core/a.ts imports functions/names.ts'],
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
      'functions/api/http/a.ts',
      "import '../../deliver/handler.ts';",
      'functions/api/http/a.ts imports functions/deliver/handler.ts',
    ],
    [
      'functions/api/resources/tests.ts',
      "import './tenants.ts';",
      'functions/api/resources/tests.ts imports functions/api/resources/tenants.ts',
    ],
    ['functions/api/http/a.ts', "import '../../../local/x.ts';", 'functions/api/http/a.ts imports local/x.ts'],
    ['lib/a.ts', "import '../functions/core/x.ts';", 'lib/a.ts imports functions/core/x.ts'],
    ['lib/a.ts', "import '../test/x.ts';", 'lib/a.ts imports test/x.ts'],
    ['local/resources/a.ts', "import '../runner.ts';", 'local/resources/a.ts imports local/runner.ts'],
    [
      'local/resources/a/a.ts',
      "import '../../emulators/sqs.ts';",
      'local/resources/a/a.ts imports local/emulators/sqs.ts',
    ],
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
