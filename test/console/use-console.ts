import type { BrowserContextOptions } from 'playwright-core';
import { useSystem } from '../e2e/use-system.ts';
import { useBrowser } from './use-browser.ts';

/** A system for a test file, and its console in a browser. `portalOf` says where customers open it. */
export function useConsole() {
  const system = useSystem();
  const browser = useBrowser();
  const at = (path: string) => `${system().endpoints.apiUrl}/console${path}`;
  const asCompany = (path: string, options?: BrowserContextOptions) =>
    browser.open(`${at(path)}#key=${system().endpoints.adminKey}`, options);
  return { system, browser, at, asCompany };
}
