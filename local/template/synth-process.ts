/** Synthesises Posthorn's stack in a process of its own, whose hundreds of megabytes end with it. Its argument is a `Synthesis`. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { contextOfOneMachine } from './context.ts';

export interface Synthesis {
  /** Where the cloud assembly goes. */
  dir: string;
  context: Record<string, string>;
  /** Gets the template, and the name of the stack. */
  templateFile: string;
}

const BUILD_CONSOLE = fileURLToPath(new URL('../../bin/build-console.ts', import.meta.url));

const { dir, context, templateFile }: Synthesis = JSON.parse(process.argv[2] ?? '');
// What is built is kept: the app finds it. On the other core meanwhile, CDK is loaded.
const building = promisify(execFile)(process.execPath, [BUILD_CONSOLE]);
const [{ createAppOrExit }, { Annotations }] = await Promise.all([
  import('../../lib/app.ts'),
  import('aws-cdk-lib'),
  building,
]);
const app = createAppOrExit({
  appProps: {
    outdir: dir,
    context: contextOfOneMachine(context),
    analyticsReporting: false,
    // The template is checked where it is deployed from: here that would be a third of the time.
    builtinCloudFormationValidation: false,
  },
  // Receivers on one machine are on the loopback, and have no certificates.
  overrides: { allowedPrivateRanges: ['127.0.0.0/8', '::1/128'], allowHttp: true },
});
Annotations.of(app).acknowledgeWarning('posthorn:noAlarmTopic', 'One machine has no alarms.');
const [stack] = app.synth().stacks;
if (!stack) throw new Error('The app has no stack');
writeFileSync(templateFile, JSON.stringify({ stackName: stack.stackName, content: stack.template }));
