import { OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';

/** ESM with all that it uses inside, minified. */
export const BUNDLING = {
  format: OutputFormat.ESM,
  minify: true,
  bundleAwsSDK: true,
  mainFields: ['module', 'main'],
  // Dependencies that are CommonJS still call `require`, which an ES module does not have.
  banner: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
};
