/** As the API takes it. */
export function isTenantId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text);
}
