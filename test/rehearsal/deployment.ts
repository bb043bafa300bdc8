import { createServer, request } from 'node:http';
import * as z from 'zod';
import { closeServer, listenOnLoopback } from '../../local/listen.ts';
import { startReceiver } from '../../receiver/server.ts';
import { type Client, createClient } from '../e2e/client.ts';
import { type Aws, createAws } from './aws.ts';
import { type Emulator, startEmulator } from './emulator.ts';

/** An account with a stack in it, and the world around: receivers, and the address of its API. */
export interface Deployment {
  emulator: Emulator;
  aws: Aws;
  /** Of the API, as a browser may open it. */
  apiUrl: string;
  client: Client;
  stop(): Promise<void>;
}

/** @param deploy creates the stack */
export async function startDeployment(
  options: { enforcesIam: boolean },
  deploy: (aws: Aws) => Promise<unknown>,
): Promise<Deployment> {
  const cleanups: (() => unknown)[] = [];
  const stop = async () => {
    for (const clean of cleanups.splice(0).reverse()) await clean();
  };
  try {
    const emulator = await startEmulator(options);
    cleanups.push(emulator.stop);
    const aws = createAws(emulator);
    await aws.bootstrap();
    await deploy(aws);
    const access = await openAccess(emulator, aws);
    cleanups.push(access.close);
    return { emulator, aws, ...access, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What a stack's users have of it, with receivers of their own. */
export async function openAccess(
  emulator: Emulator,
  aws: Aws,
): Promise<Pick<Deployment, 'apiUrl' | 'client'> & { close(): Promise<void> }> {
  const { outputs } = await aws.state();
  const output = (name: string) => {
    const value = outputs[name];
    if (value === undefined) throw new Error(`The stack has no output ${name}`);
    return value;
  };
  const receiver = await startReceiver({ port: 0, secretsFor: async () => [] });
  const front = await startFront(output('ApiUrl'), emulator.port);
  const client = await createClient({
    apiUrl: front.url,
    adminKey: await readAdminKey(aws, output('AdminKeySecretArn')),
    eventsQueueUrl: output('EventsQueueUrl'),
    sqsEndpoint: emulator.url,
    dynamodbEndpoint: emulator.url,
    receiverUrl: receiver.url,
    // Time is real here.
    clockUrl: '',
    pid: 0,
    handlersPid: 0,
  });
  return {
    apiUrl: front.url,
    client,
    async close() {
      await client.close();
      await front.close();
      await receiver.close();
    },
  };
}

/** Passes requests on to the API's host name, which the emulator knows and no name server does. */
async function startFront(apiUrl: string, port: number) {
  // No URL to Node, because its last label is a number.
  const host = apiUrl.slice(apiUrl.indexOf('//') + 2);
  const server = createServer((incoming, outgoing) => {
    const headers = { ...incoming.headers, host };
    const upstream = request({ host: '127.0.0.1', port, method: incoming.method, path: incoming.url, headers });
    upstream.on('response', (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  });
  const url = await listenOnLoopback(server, 0, '');
  return { url, close: () => closeServer(server) };
}

async function readAdminKey(aws: Aws, SecretId: string): Promise<string> {
  const secret = await aws.json('secretsmanager', 'secretsmanager.GetSecretValue', { SecretId });
  return z.object({ SecretString: z.string() }).parse(secret).SecretString;
}
