import { ensureChromium } from '../../testing/chromium.ts';
import { keepAssembly } from '../../testing/runner-process.ts';

/** Once, before all tests that start a Posthorn. */
export async function setup(): Promise<void> {
  ensureChromium();
  await keepAssembly();
}
