import { fileURLToPath } from 'node:url';
import { OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';

/** ESM with all that it uses inside, minified. */
export const BUNDLING = {
  format: OutputFormat.ESM,
  minify: true,
  bundleAwsSDK: true,
  esbuildArgs: {
    '--alias:node:http': fileURLToPath(new URL('../../functions/adapters/node-http.ts', import.meta.url)),
  },
  mainFields: ['module', 'main'],
  // Dependencies that are CommonJS still call `require`, which an ES module does not have.
  banner: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
};
