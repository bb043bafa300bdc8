import { createCalls } from '../adapters/aws/calls.ts';
import { readEnvironment } from '../adapters/lambda/environment.ts';
import { withRequestId } from '../adapters/lambda/log-lines.ts';
import { createTelemetry } from '../adapters/lambda/telemetry.ts';
import { createAdminKeys } from '../adapters/secrets-manager/admin-keys.ts';
import { ENV } from '../names.ts';
import { createCallApi } from './call-api.ts';
import { createCanaryHandler } from './handler.ts';

const env = readEnvironment([ENV.apiUrl, ENV.adminSecretArn, ENV.eventTypes]);
const now = (): number => Date.now();

const handle = createCanaryHandler({
  adminKeys: createAdminKeys(createCalls('secretsManager'), env.ADMIN_SECRET_ARN, now),
  callApi: createCallApi(env.API_URL),
  apiUrl: env.API_URL,
  eventTypes: env.EVENT_TYPES,
  now,
  ...createTelemetry(),
});

export const handler = withRequestId(handle);
