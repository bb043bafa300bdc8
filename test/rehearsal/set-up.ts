import { synthesise } from './assembly.ts';

/** Once: tests that run side by side would each make it. */
export async function setup(): Promise<void> {
  await synthesise();
}
