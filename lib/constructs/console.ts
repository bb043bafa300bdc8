import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Construct } from 'constructs';
import { CONSOLE_FILES } from '../../functions/names.ts';
import type { Tuning } from '../tuning.ts';
import { fileInProject } from './bundling.ts';
import type { Foundation } from './foundation.ts';
import { HandlerFunction } from './handler-function.ts';

/** The page's files lie beside the code. They are built where bundles are, and only when their sources have changed. */
function addPage(folder: string): void {
  execFileSync(process.execPath, [fileInProject('bin/build-console.ts'), join(folder, CONSOLE_FILES)]);
}

type Settings = Exclude<Tuning['console'], false>;

/** Who is let in is the API's to know. */
function whatThePageNeeds({ issuer, clientId, scope, origins }: NonNullable<Settings['signIn']>) {
  return { issuer, clientId, scope, origins: [...new Set([new URL(issuer).origin, ...origins])] };
}

export interface ConsoleProps extends Foundation {
  readonly settings: Settings;
}

/** The web console: a function that hands out its files. It may do nothing else. */
export class Console extends Construct {
  readonly handler: HandlerFunction;

  constructor(scope: Construct, id: string, { settings, ...foundation }: ConsoleProps) {
    super(scope, id);
    const { cloudFront: _, ...shown } = settings;
    this.handler = new HandlerFunction(this, 'Function', {
      ...foundation,
      name: 'console',
      timeoutSeconds: foundation.tuning.functions.console.timeoutSeconds,
      addFiles: addPage,
      environment: {
        consoleSettings: JSON.stringify({
          ...shown,
          signIn: settings.signIn && whatThePageNeeds(settings.signIn),
          defaultProfile: foundation.tuning.defaultProfile,
        }),
      },
    });
  }
}
