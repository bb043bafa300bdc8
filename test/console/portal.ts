import type { Page } from 'playwright-core';
import * as z from 'zod';
import type { Client } from '../e2e/client.ts';

const Token = z.object({ token: z.string() });

/** The address of a tenant's portal, as the company hands it to its customer. */
export async function portalOf(
  { ask, endpoints }: Client,
  tenant: string,
  body: object = {},
  path = '',
): Promise<string> {
  const { token } = await ask(Token, 'POST', `/v1/tenants/${tenant}/portal-tokens`, { body });
  return `${endpoints.apiUrl}/console${path}#token=${token}`;
}

/** Opens one of a webhook's pages by its tab. */
export const openTab = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Pages of this webhook' }).getByRole('link', { name, exact: true }).click();
