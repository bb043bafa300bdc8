import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SnippetLanguage } from '../../console/snippets/snippets.ts';

/** A request as a receiver has it. */
export interface SnippetCase {
  headers: Record<string, string>;
  body: Buffer;
}

/** Code of one webhook, its secret or public key, and requests to judge. */
export interface SnippetRun {
  code: string;
  key: string;
  cases: readonly SnippetCase[];
}

interface Runner {
  /** The program that must be there, and what shows that it is. */
  needs: [program: string, ...args: string[]];
  /** Reads the requests, has the code judge each, and prints what it says. */
  harness: string;
  /** Where the code is put, and how it gets a name of its own among others. */
  file: (number: number) => string;
  name: (code: string, number: number) => string;
  /** Further files. */
  extra?: (count: number) => Record<string, string>;
  /** Commands, one after the other; the last one is the harness. */
  commands: [program: string, ...args: string[]][];
}

const same = (code: string) => code;

const CRYPTOGRAPHY = ['-c', 'import cryptography'];
/** Debian's package is for Debian's Python, which need not be the first that is found. */
const PYTHON = ['python3', '/usr/bin/python3'].find((one) => isThere([one, ...CRYPTOGRAPHY])) ?? 'python3';

export function isThere([program, ...args]: Runner['needs']): boolean {
  return spawnSync(program, args).status === 0;
}

export const RUNNERS: Record<SnippetLanguage, Runner> = {
  node: {
    needs: ['node', '--version'],
    harness: 'harness.mjs',
    file: (number) => `snippet${number}.mjs`,
    name: same,
    commands: [['node', 'harness.mjs']],
  },
  python: {
    needs: [PYTHON, ...CRYPTOGRAPHY],
    harness: 'harness.py',
    file: (number) => `snippet${number}.py`,
    name: same,
    commands: [[PYTHON, 'harness.py']],
  },
  ruby: {
    needs: ['ruby', '--version'],
    harness: 'harness.rb',
    file: (number) => `snippet${number}.rb`,
    name: (code, number) => `module Snippet${number}\nextend self\n${code}\nend\n`,
    commands: [['ruby', 'harness.rb']],
  },
  go: {
    needs: ['go', 'version'],
    harness: 'harness.go',
    file: (number) => `snippet${number}/snippet.go`,
    name: (code, number) => code.replace('package main', `package snippet${number}`),
    extra: (count) => {
      const numbers = Array.from({ length: count }, (_, number) => number);
      const imports = numbers.map((number) => `\t"snippets/snippet${number}"`).join('\n');
      const entries = numbers.map((number) => `\t"${number}": snippet${number}.IsGenuine,`).join('\n');
      return {
        'go.mod': 'module snippets\n\ngo 1.18\n',
        'snippets.go': `package main\n\nimport (\n${imports}\n)\n\nvar snippets = map[string]func(func(string) string, []byte) bool{\n${entries}\n}\n`,
      };
    },
    commands: [['go', 'run', '.']],
  },
  php: {
    needs: ['php', '--version'],
    harness: 'harness.php',
    file: (number) => `snippet${number}.php`,
    name: (code, number) => code.replace('<?php', `<?php\n\nnamespace Snippet${number};`),
    commands: [['php', 'harness.php']],
  },
  java: {
    needs: ['javac', '-version'],
    harness: 'Harness.java',
    file: (number) => `snippet${number}/WebhookSignature.java`,
    name: (code, number) => `package snippet${number};\n\n${code}`,
    commands: [
      ['sh', '-c', 'javac -encoding UTF-8 *.java */*.java'],
      ['java', '-Dfile.encoding=UTF-8', '-Xshare:auto', '-XX:TieredStopAtLevel=1', 'Harness'],
    ],
  },
  csharp: {
    needs: ['mcs', '--version'],
    harness: 'Harness.cs',
    file: (number) => `Snippet${number}.cs`,
    name: (code, number) => `namespace Snippet${number}\n{\n${code}\n}\n`,
    commands: [
      ['sh', '-c', 'mcs -out:harness.exe *.cs'],
      ['mono', 'harness.exe'],
    ],
  },
};

const KEY = /WEBHOOK_(?:SECRET|PUBLIC_KEY)/g;

/**
 * Runs code in its language, all of it in one process: what each says of each of its requests. The code is as the console shows it,
 * but for the name of the key's variable, and a name space that keeps it apart.
 */
export async function runSnippets(language: SnippetLanguage, runs: readonly SnippetRun[]): Promise<boolean[][]> {
  const { harness, file, name, extra, commands } = RUNNERS[language];
  const folder = mkdtempSync(join(tmpdir(), `posthorn-${language}-`));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  try {
    copyFileSync(fileURLToPath(new URL(`snippet-harness/${harness}`, import.meta.url)), join(folder, harness));
    const env: Record<string, string> = {};
    for (const [number, { code, key }] of runs.entries()) {
      const named = (variable: string) => `${variable}_${number}`;
      write(file(number), name(code.replaceAll(KEY, named), number));
      for (const [variable] of code.matchAll(KEY)) env[named(variable)] = key;
    }
    for (const [path, text] of Object.entries(extra?.(runs.length) ?? {})) write(path, text);
    let output = '';
    for (const [program, ...args] of commands) output = await execute(program, args, folder, env, inputOf(runs));
    const verdicts = output.trim().split(/\r?\n/);
    return runs.map(({ cases }) => verdicts.splice(0, cases.length).map((verdict) => readVerdict(language, verdict)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readVerdict(language: string, verdict: string): boolean {
  if (verdict !== 'true' && verdict !== 'false') throw new Error(`${language} printed ${verdict}`);
  return verdict === 'true';
}

/** A block for each request: the number of its code, the body in base64, then a line for each header. */
function inputOf(runs: readonly SnippetRun[]): string {
  const blocks = runs.flatMap(({ cases }, number) =>
    cases.map(({ headers, body }) =>
      [number, body.toString('base64'), ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join(
        '\n',
      ),
    ),
  );
  return blocks.join('\n\n');
}

function execute(
  program: string,
  args: string[],
  cwd: string,
  env: Record<string, string>,
  input: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { cwd, env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${program} ${args.join(' ')}: ${error.message}\n${stderr}`)),
    );
    // A compiler does not read it.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}
