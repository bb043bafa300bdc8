import { fileURLToPath } from 'node:url';
import { readEnvironment } from '../adapters/lambda/environment.ts';
import { CONSOLE_FILES, ENV } from '../names.ts';
import { openFiles } from './files.ts';
import { createConsoleHandler } from './handler.ts';

const env = readEnvironment([ENV.consoleSettings]);

export const handler = createConsoleHandler({
  files: openFiles(fileURLToPath(new URL(CONSOLE_FILES, import.meta.url))),
  settings: env.CONSOLE_SETTINGS,
});
