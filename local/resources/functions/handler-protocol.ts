import type { ClockBuffer } from '../../clock.ts';

/** A function of the stack, as its process needs to know it. */
export interface FunctionSpec {
  name: string;
  arn: string;
  /** File URL of the bundle. */
  entry: string;
  /** The name that the bundle exports. */
  exportName: string;
  timeoutMs: number;
  memoryMb: number;
  env: Record<string, string>;
}

/** Runner to process. Events and answers travel as JSON text: each side parses them once, where they are used. */
export type ToProcess =
  | { type: 'start'; functions: FunctionSpec[]; clockOffsetMs: number }
  | { type: 'invoke'; id: number; functionName: string; event: string }
  | { type: 'clock'; offsetMs: number };

export type Outcome = { ok: true; answer: string } | { ok: false; errorType: string; errorMessage: string };
export type FromProcess =
  | { type: 'ready' }
  | { type: 'answer'; id: number; outcome: Outcome }
  | { type: 'logged-error'; functionName: string; message: string };

/** Process to the thread of one function. */
export interface ThreadData {
  spec: FunctionSpec;
  clock: ClockBuffer;
}
export interface ToThread {
  id: number;
  event: string;
}
/** `loaded`, once: the bundle has been loaded, or could not be. */
export type FromThread = 'loaded' | { id: number; outcome: Outcome };
