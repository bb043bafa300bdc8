import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { packNames, readEventTypePack } from '../../event-type-packs/pack-files.ts';
import { useSystem } from '../use-system.ts';
import { bindbee } from './bindbee.ts';
import { fifthVendor } from './fifth-vendor.ts';
import { keypay } from './keypay.ts';
import { peopleforce } from './peopleforce.ts';
import { restHooks } from './rest-hooks.ts';
import { staffology } from './staffology.ts';

/*
 * Each vendor's promises, held against one running system from outside. One system, because starting one costs more than
 * most of these tests; the suites stand in a file for each vendor.
 */

const system = useSystem();

test.each(packNames)('the event-type pack %s is loaded, and loading it again changes nothing', async (name) => {
  const { ask } = system();
  const count = readEventTypePack(name).eventTypes.length;
  const load = () => ask(z.unknown(), 'POST', `/v1/event-type-packs/${name}/load`);
  expect(await load()).toEqual({ created: count, changed: 0, unchanged: 0 });
  const types = () => ask(z.unknown(), 'GET', '/v1/event-types?limit=100');
  const before = await types();
  expect(await load()).toEqual({ created: 0, changed: 0, unchanged: count });
  expect(await types()).toEqual(before);
});

describe('bindbee', () => bindbee(system));
describe('keypay', () => keypay(system));
describe('staffology', () => staffology(system));
describe('peopleforce', () => peopleforce(system));
describe('a fifth vendor', () => fifthVendor(system));
describe('REST hooks', () => restHooks(system));
