import { App, type AppProps } from 'aws-cdk-lib';
import cdkJson from '../cdk.json' with { type: 'json' };
import type { PosthornProps } from './posthorn-props.ts';
import { PosthornStack } from './posthorn-stack.ts';
import { PropsError } from './props-error.ts';

export interface CreateAppOptions {
  readonly appProps?: AppProps;
  /** Go before the settings in the CDK context. */
  readonly overrides?: PosthornProps;
}

/**
 * The CDK app with the stack "Posthorn" in it. The context of cdk.json holds also where no CLI reads that file, so that
 * the template is the same; what `appProps.context` says goes before it, and what the CLI says before both.
 */
export function createApp({ appProps, overrides }: CreateAppOptions = {}): App {
  const app = new App({ ...appProps, context: { ...cdkJson.context, ...appProps?.context } });
  new PosthornStack(app, 'Posthorn', { ...(overrides && { overrides }) });
  return app;
}

/** The same for a program: settings of which no stack can be made end it with what to change, and without a stack trace. */
export function createAppOrExit(options?: CreateAppOptions): App {
  try {
    return createApp(options);
  } catch (error) {
    if (!(error instanceof PropsError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
