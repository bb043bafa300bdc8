import { keepAssembly } from '../../testing/runner-process.ts';

/** Once, before all tests that start a Posthorn. */
export const setup = keepAssembly;
