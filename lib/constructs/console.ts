import { fileURLToPath } from 'node:url';
import type { ICommandHooks } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Construct } from 'constructs';
import { CONSOLE_FILES } from '../../functions/names.ts';
import type { Tuning } from '../tuning.ts';
import type { Foundation } from './foundation.ts';
import { HandlerFunction } from './handler-function.ts';

const BUILD = fileURLToPath(new URL('../../bin/build-console.ts', import.meta.url));
/** The page's files lie beside the code. They are built where bundles are, and only when their sources have changed. */
const WITH_FILES: ICommandHooks = {
  beforeBundling: () => [],
  beforeInstall: () => [],
  afterBundling: (_, outputDir) => [`"${process.execPath}" "${BUILD}" "${outputDir}/${CONSOLE_FILES}"`],
};

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
      bundling: { commandHooks: WITH_FILES },
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
