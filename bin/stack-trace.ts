import { text } from 'node:stream/consumers';
import { FUNCTION_NAMES } from '../functions/names.ts';
import { bundleWithMap, mapStack } from './source-positions.ts';

const USAGE = `Usage: npm run stack-trace -- FUNCTION < stack.txt

Prints a stack trace from the logs with the positions of the source. FUNCTION is one of ${FUNCTION_NAMES.join(', ')}.
Check out the commit that is deployed first: GET /v1/health tells it.`;

const [given] = process.argv.slice(2);
const name = FUNCTION_NAMES.find((one) => one === given);
if (name === undefined) {
  console.error(USAGE);
  process.exitCode = 1;
} else {
  const { map } = await bundleWithMap(name);
  // From a line of the log, too, where the ends of lines are escaped.
  console.log(mapStack((await text(process.stdin)).replaceAll('\\n', '\n'), map));
}
