import { csharpSnippet } from './csharp.ts';
import { goSnippet } from './go.ts';
import { javaSnippet } from './java.ts';
import { nodeSnippet } from './node.ts';
import { phpSnippet } from './php.ts';
import { pythonSnippet } from './python.ts';
import { rubySnippet } from './ruby.ts';
import type { VerificationPlan } from './verification-plan.ts';

/**
 * Code with which a receiver checks that a request is genuine, by the standard library of its language alone (Python has none for ed25519,
 * and takes the package cryptography). The secret comes from the variable WEBHOOK_SECRET of the environment, the public key of ed25519
 * from WEBHOOK_PUBLIC_KEY. Null: the language cannot without a library that a receiver must choose.
 */
export const SNIPPETS = {
  node: { name: 'Node', write: nodeSnippet },
  python: { name: 'Python', write: pythonSnippet },
  ruby: { name: 'Ruby', write: rubySnippet },
  go: { name: 'Go', write: goSnippet },
  php: { name: 'PHP', write: phpSnippet },
  java: { name: 'Java', write: javaSnippet },
  csharp: { name: 'C#', write: csharpSnippet },
} as const satisfies Record<string, { name: string; write: (plan: VerificationPlan) => string | null }>;

export type SnippetLanguage = keyof typeof SNIPPETS;
export const SNIPPET_LANGUAGES = Object.keys(SNIPPETS) as SnippetLanguage[];
