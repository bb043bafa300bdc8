import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { dataKeyKey } from '../../functions/adapters/dynamodb/keys.ts';
import { eventually } from '../e2e/eventually.ts';
import { synthesise } from './assembly.ts';
import { type Deployment, startDeployment } from './deployment.ts';
import { type Grant, isAbout, nameOf, putGrants, readGrants } from './grants.ts';
import type { Step } from './journey.ts';

const { changed } = await synthesise();
/** How long something is waited for while a grant is missing. */
const PATIENCE_MS = 3_000;
/** So many steps that used a grant are tried; one may have been attributed what another caused. */
const MAX_STEPS = 3;

/** A deployment whose functions may do what their roles grant, and nothing else. */
export class EnforcedDeployment {
  readonly deployment: Deployment;
  readonly grants: Grant[];
  /** Steps by the names of the grants that they used, the quickest first. */
  readonly #users = new Map<string, { step: Step; tookMs: number }[]>();

  private constructor(deployment: Deployment, grants: Grant[]) {
    this.deployment = deployment;
    this.grants = grants;
  }

  static async start(): Promise<EnforcedDeployment> {
    const deployment = await startDeployment({ enforcesIam: true }, async (aws) => {
      await aws.uploadAssets(changed);
      const { status } = await aws.create(changed);
      expect(status, (await aws.failures()).join('\n')).toBe('CREATE_COMPLETE');
    });
    return new EnforcedDeployment(deployment, await readGrants(deployment.aws));
  }

  /** Takes a step of the journey, for which the grants must suffice. */
  async take(step: Step): Promise<void> {
    const { decisions } = this.deployment.emulator;
    const [length, begun] = [decisions.length, performance.now()];
    await step.run({ ...this.deployment, until: eventually });
    const tookMs = performance.now() - begun;
    const taken = decisions.slice(length);
    expect(taken.filter(({ allowed }) => !allowed)).toEqual([]);
    for (const grant of this.grants.filter((one) => taken.some(isAbout(one)))) {
      const users = [...(this.#users.get(nameOf(grant)) ?? []), { step, tookMs }];
      users.sort((a, b) => a.tookMs - b.tookMs);
      this.#users.set(nameOf(grant), users);
    }
  }

  isUsed(grant: Grant): boolean {
    return this.#users.has(nameOf(grant));
  }

  /** Whether something fails for the lack of a grant. Each grant is there again afterwards. */
  async failsWithout(grant: Grant): Promise<boolean> {
    const { aws } = this.deployment;
    const others = this.grants.filter((one) => one !== grant);
    await putGrants(aws, grant, others);
    try {
      for (const { step } of this.#users.get(nameOf(grant))?.slice(0, MAX_STEPS) ?? []) {
        if (await this.#isRefusedIn(step, grant)) return true;
        await this.#forget();
        if (await this.#isRefusedIn(step, grant)) return true;
      }
      return false;
    } finally {
      await putGrants(aws, grant, this.grants);
    }
  }

  /** Whether the step calls on the grant in vain, and that is noticed: the step fails, or a log tells of it. */
  async #isRefusedIn(step: Step, grant: Grant): Promise<boolean> {
    const { emulator } = this.deployment;
    const { length } = emulator.decisions;
    const begun = emulator.output().length;
    const isRefused = () => emulator.decisions.slice(length).some((one) => !one.allowed && isAbout(grant)(one));
    const isLogged = () => emulator.output().indexOf(`not authorized to perform: ${grant.action}`, begun) >= 0;

    const until = async <T>(attempt: () => Promise<T>): Promise<T> => {
      const deadline = performance.now() + PATIENCE_MS;
      for (;;) {
        try {
          return await attempt();
        } catch (error) {
          if (performance.now() > deadline || (isRefused() && isLogged())) throw error;
          await sleep(50);
        }
      }
    };
    const hasFailed = await step.run({ ...this.deployment, until }).then(
      () => false,
      () => true,
    );
    return isRefused() && (hasFailed || isLogged());
  }

  /** What functions remember they do not ask for again; nor is a data key made while there is one. */
  async #forget(): Promise<void> {
    const { aws } = this.deployment;
    const { pk, sk } = dataKeyKey('1');
    await aws.json('dynamodb', 'DynamoDB_20120810.DeleteItem', {
      TableName: await aws.idOf('PosthornStorageCatalog'),
      Key: { pk: { S: pk }, sk: { S: sk } },
    });
    const names = await aws.resources();
    for (const [id, { Type, Properties }] of Object.entries(changed.template.Resources)) {
      if (Type !== 'AWS::Lambda::Function') continue;
      const path = `/2015-03-31/functions/${names.get(id)}/configuration`;
      const body = JSON.stringify({ MemorySize: Properties.MemorySize });
      await aws.call({ service: 'lambda', method: 'PUT', path, body });
    }
  }
}
