import { setTimeout as sleep } from 'node:timers/promises';
import { createCalls } from '../functions/adapters/aws/calls.ts';
import { AWS_TIME_SCALE, ENV } from '../functions/names.ts';
import { secretsByApi } from '../receiver/secrets.ts';
import { startReceiver } from '../receiver/server.ts';
import type { SecretsFor } from '../receiver/verify.ts';
import { clockOffsetMs, createClockBuffer, installClock, setClockOffsetMs, uninstallClock } from './clock.ts';
import { createControlServer } from './control-server.ts';
import { startEmulator } from './emulators/start-emulator.ts';
import { messageOf, StartError } from './errors.ts';
import { closeServer, listenOnLoopback } from './listen.ts';
import { LOCAL_TIME_SCALE, type RunnerOptions } from './options.ts';
import { readPlan } from './plan.ts';
import { type Poller, startPoller } from './resources/event-sources.ts';
import type { FunctionSpec } from './resources/functions/handler-protocol.ts';
import { type Handlers, startHandlers } from './resources/functions/handlers.ts';
import { createGateway } from './resources/http-api/gateway.ts';
import { createAwsCalls } from './resources/keys-and-secrets/aws-calls.ts';
import { openKeyFile } from './resources/keys-and-secrets/key-file.ts';
import { provisionQueues } from './resources/queues.ts';
import { startSchedules } from './resources/schedules.ts';
import { deleteExpired, provisionTables } from './resources/tables.ts';
import { type Endpoints, openState } from './state.ts';
import { REGION } from './template/names.ts';
import { type Synthesise, synthesisePosthorn } from './template/synth.ts';

export interface Runner {
  endpoints: Endpoints;
  stop(): Promise<void>;
}

export interface RunnerHooks {
  say: (line: string) => void;
  /** Called when something dies without which nothing works. */
  onDeath: (error: Error) => void;
  /** Aborted: starting stops at the next step, and what has started is ended. */
  signal?: AbortSignal;
  /** Another app than Posthorn's. */
  synthesise?: Synthesise;
}

/** The emulators take any. */
const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };
const ACCOUNT = { region: REGION, credentials: CREDENTIALS };
/** How long running invocations may take to end before they are cut off; their messages come back later. */
const DRAIN_MS = 5_000;
/** DynamoDB itself takes up to days. */
const EXPIRY_INTERVAL_MS = 10 * 60_000;
/** A smaller step of the test clock does not look for expired items: that reads whole tables. */
const EXPIRY_ON_ADVANCE_MS = 3_600_000;

/** Starts the whole system of the stack on this machine. What has started is ended again if a later step fails. */
export async function startRunner(options: RunnerOptions, hooks: RunnerHooks): Promise<Runner> {
  const { say, onDeath, signal, synthesise = synthesisePosthorn } = hooks;
  const undo: (() => unknown)[] = [];
  const stop = async () => {
    for (const end of undo.splice(0).reverse()) await end();
  };
  try {
    return await start();
  } catch (error) {
    await stop();
    throw error;
  }

  async function start(): Promise<Runner> {
    const state = openState(options.stateDir, options.fresh);
    undo.push(() => state.close());
    const clock = createClockBuffer(state.readClockOffsetMs());
    installClock(clock);
    undo.push(uninstallClock);

    // All ports first: one that is taken is found out at once.
    say('Starting SQS and DynamoDB …');
    const gateway = createGateway(say);
    const apiUrl = await listenOnLoopback(gateway.server, options.ports.api, '--port');
    undo.push(() => closeServer(gateway.server));
    const secrets = Promise.withResolvers<SecretsFor>();
    const receiver = await startReceiver({
      port: options.ports.receiver,
      secretsFor: async (path, refresh) => (await secrets.promise)(path, refresh),
    });
    undo.push(() => receiver.close());
    const emulator = async (kind: 'sqs' | 'dynamodb', elsewhere: string | undefined, port: number, dir: string) => {
      if (elsewhere) {
        const url = elsewhere.replace(/\/+$/, '');
        return { url, call: createCalls(kind, { ...ACCOUNT, endpoint: () => url }) };
      }
      const started = await startEmulator({ kind, port, dir, clock }, onDeath);
      undo.push(started.close);
      return started;
    };
    const emulators = [
      emulator('sqs', process.env.POSTHORN_SQS_ENDPOINT, options.ports.sqs, state.sqsDir),
      emulator('dynamodb', process.env.POSTHORN_DYNAMODB_ENDPOINT, options.ports.dynamodb, state.dynamodbDir),
    ] as const;
    say('Synthesising the stack …');
    const giveUp = new AbortController();
    const signals = [giveUp.signal, ...(signal ? [signal] : [])];
    const synthesis = synthesise(state.assemblyDir, options.context, AbortSignal.any(signals));
    // A port that is taken is not found out after the slow part.
    for (const one of emulators) one.catch(() => giveUp.abort());
    // All, so that what has started is known to the undoing if another one fails.
    await Promise.allSettled([...emulators, synthesis]);
    const [sqs, { url: dynamodbEndpoint }, template] = await Promise.all([...emulators, synthesis]);
    const sqsEndpoint = sqs.url;
    signal?.throwIfAborted();
    const plan = readPlan(template.content, {
      stackName: template.stackName,
      assemblyDir: state.assemblyDir,
      sqsEndpoint,
      apiUrl,
    });

    say('Creating queues and tables …');
    const keys = openKeyFile(state.keyFile, plan);
    const dynamodb = createCalls('dynamodb', { ...ACCOUNT, endpoint: () => dynamodbEndpoint });
    await Promise.all([
      // By HTTP: a queue's URL has the host that was asked.
      provisionQueues(createCalls('sqs', { ...ACCOUNT, endpoint: () => sqsEndpoint }), plan.queues),
      provisionTables(dynamodb, plan.tables),
    ]);
    signal?.throwIfAborted();

    say('Starting the functions …');
    const control = createControlServer({
      awsCalls: createAwsCalls(keys),
      clockOffsetMs: () => clockOffsetMs(clock),
      advanceClock,
    });
    const controlUrl = await listenOnLoopback(control, 0, '');
    undo.push(() => closeServer(control));
    const environment = functionEnvironment({ sqsEndpoint, dynamodbEndpoint, controlUrl });
    const endpoints: Endpoints = {
      apiUrl,
      adminKey: keys.secrets[variable(plan.functions, ENV.adminSecretArn)] ?? '',
      eventsQueueUrl: variable(plan.functions, ENV.eventsQueueUrl),
      sqsEndpoint,
      dynamodbEndpoint,
      receiverUrl: receiver.url,
      clockUrl: `${controlUrl}/clock`,
      pid: process.pid,
      handlersPid: 0,
    };
    let published = false;
    const handlers: Handlers = await startHandlers({
      functions: plan.functions.map((spec) => ({ ...spec, env: { ...environment, ...spec.env } })),
      clockOffsetMs: clockOffsetMs(clock),
      logFile: state.logFile,
      socketPath: state.socketPath,
      say,
      signal,
      onStart(pid = 0) {
        endpoints.handlersPid = pid;
        if (published) state.writeEndpoints(endpoints);
      },
    });
    undo.push(() => handlers.stop());
    signal?.throwIfAborted();
    gateway.open(plan.routes, handlers.invoke, plan.cors);
    const pollers: Poller[] = plan.mappings.map((mapping) =>
      startPoller({ mapping, sqs: sqs.call, invoke: handlers.invoke, say }),
    );
    const schedules = startSchedules(plan.schedules, handlers.invoke);
    undo.push(() => {
      const late = sleep(DRAIN_MS, undefined, { ref: false });
      return Promise.race([late, Promise.all([...pollers, schedules].map((source) => source.stop()))]);
    });
    const expire = () =>
      deleteExpired(dynamodb, plan.tables, signal).catch((error: unknown) => {
        if (!signal?.aborted) say(`Removing expired items failed: ${messageOf(error)}`);
      });
    const expiry = setInterval(expire, EXPIRY_INTERVAL_MS);
    undo.push(() => clearInterval(expiry));
    secrets.resolve(secretsByApi(endpoints));

    state.writeEndpoints(endpoints);
    published = true;
    return { endpoints, stop };

    /** Comes after the start: until then no one is told the address. */
    async function advanceClock(milliseconds: number): Promise<void> {
      const offsetMs = clockOffsetMs(clock) + milliseconds;
      state.writeClockOffsetMs(offsetMs);
      // The emulators' threads share the buffer; waiting receivers look at the time every 20 ms.
      setClockOffsetMs(clock, offsetMs);
      await handlers.setClockOffset(offsetMs);
      schedules.tick();
      if (milliseconds >= EXPIRY_ON_ADVANCE_MS) await expire();
    }
  }
}

/** What functions need to reach what stands in for AWS. */
export function functionEnvironment(at: { sqsEndpoint: string; dynamodbEndpoint: string; controlUrl: string }) {
  return {
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    [AWS_TIME_SCALE]: LOCAL_TIME_SCALE,
    AWS_ENDPOINT_URL_SQS: at.sqsEndpoint,
    AWS_ENDPOINT_URL_DYNAMODB: at.dynamodbEndpoint,
    AWS_ENDPOINT_URL_KMS: at.controlUrl,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: at.controlUrl,
    AWS_ENDPOINT_URL_EVENTBRIDGE: at.controlUrl,
    TZ: 'UTC',
    PATH: process.env.PATH ?? '',
  };
}

/** What the stack gives its functions under a name of the contract. */
function variable(functions: FunctionSpec[], name: string): string {
  const value = functions.map((spec) => spec.env[name]).find((found) => found !== undefined);
  if (value === undefined) throw new StartError(`No function of the stack has ${name} in its environment.`);
  return value;
}
