import { synthesise } from './assembly.ts';

/** Once: tests that run side by side would each make it, in the same folder. */
export function setup(): void {
  synthesise();
}
