import * as z from 'zod';
import { SignIn } from '../../core/access/sign-in.ts';
import { ENV, PORTAL_PAGES } from '../../names.ts';

/** What the page needs to send people to the company's provider. */
const ConsoleSignIn = z.object({
  issuer: z.string(),
  clientId: z.string(),
  scope: z.string(),
  /** Of the provider's endpoints that the page calls. */
  origins: z.array(z.string()),
});
export type ConsoleSignIn = z.infer<typeof ConsoleSignIn>;

/** What a company sets for its console. The page reads all of it, so nothing of it is a secret. */
const ConsoleSettings = z.object({
  companyName: z.string().nullable(),
  logoUrl: z.string().nullable(),
  accentColor: z.string().nullable(),
  /** What customers choose from; empty: no choice. */
  profiles: z.array(z.string()),
  /** What their portal shows besides the webhooks themselves. */
  pages: z.array(z.enum(PORTAL_PAGES)),
  /** Of subscriptions that name none, of tenants that have no default. */
  defaultProfile: z.string(),
  /** How people of the company sign in besides keys; null: they do not. */
  signIn: ConsoleSignIn.nullable(),
  /** Origins that may show the page in a frame, and hand it a new token. */
  frameAncestors: z.array(z.string()),
});
export type ConsoleSettings = z.infer<typeof ConsoleSettings>;

const list = z.string().transform((text) => text.split(',').filter((entry) => entry !== ''));

/** How each variable of the contract is read. */
const SHAPE = {
  [ENV.catalogTable]: z.string().min(1),
  [ENV.journalTable]: z.string().min(1),
  [ENV.eventsQueueUrl]: z.url(),
  [ENV.deliveriesQueueUrl]: z.url(),
  [ENV.retriesQueueUrl]: z.url(),
  [ENV.eventsDeadLettersUrl]: z.url(),
  [ENV.deliveriesDeadLettersUrl]: z.url(),
  [ENV.retriesDeadLettersUrl]: z.url(),
  [ENV.jobsDeadLettersUrl]: z.url(),
  [ENV.systemEventsBus]: z.string(),
  [ENV.retriesQueueArn]: z.string().min(1),
  [ENV.jobsQueueUrl]: z.url(),
  [ENV.apiUrl]: z.string().regex(/^https?:/),
  [ENV.adminSecretArn]: z.string().min(1),
  [ENV.kmsKeyArn]: z.string().min(1),
  [ENV.eventTypes]: z.enum(['open', 'strict']),
  [ENV.defaultProfile]: z.string().min(1),
  [ENV.maxSubscriptionsPerTenant]: z.coerce.number().int().positive(),
  [ENV.compatibility]: list.pipe(z.array(z.enum(['keypay', 'staffology']))),
  [ENV.journalRetentionDays]: z.coerce.number().int().positive(),
  [ENV.auditRetentionDays]: z.coerce.number().int().positive(),
  [ENV.statsRetentionDays]: z.coerce.number().int().min(0),
  [ENV.allowedPrivateRanges]: list,
  [ENV.deniedRanges]: list,
  [ENV.commit]: z.string().min(1),
  [ENV.allowedPorts]: list.transform((entries) => entries.map(Number)).pipe(z.array(z.int().min(1).max(65_535))),
  [ENV.allowHttp]: z.enum(['true', 'false']).transform((text) => text === 'true'),
  [ENV.attemptTimeoutSeconds]: z.coerce.number().positive(),
  [ENV.maxQueueWaitSeconds]: z.coerce.number().int().min(0).max(900),
  [ENV.disableAfterDays]: z.coerce.number().int().positive(),
  [ENV.signIn]: z
    .string()
    .transform((text) => SignIn.parse(JSON.parse(text)))
    .optional(),
  [ENV.consoleSettings]: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(ConsoleSettings),
} as const;

type Shape = typeof SHAPE;
type Values<Names extends keyof Shape> = { [Name in Names]: z.infer<Shape[Name]> };

/**
 * Reads the variables that a function needs, once, when it starts. A missing or wrong one is a fault of the deployment:
 * it throws, naming each.
 */
export function readEnvironment<Names extends keyof Shape>(
  names: readonly Names[],
  source: NodeJS.ProcessEnv = process.env,
): Values<Names> {
  const schema = z.object(Object.fromEntries(names.map((name) => [name, SHAPE[name]])));
  const parsed = schema.safeParse(source);
  if (!parsed.success) throw new Error(`the function's environment is wrong: ${z.prettifyError(parsed.error)}`);
  return parsed.data as Values<Names>;
}
