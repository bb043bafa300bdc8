/** Who asks. `Authenticate` finds it out; the API decides what it may do. */
export type Principal =
  | { kind: 'company' }
  | { kind: 'tenant'; tenantId: string; readOnly: boolean }
  | { kind: 'anonymous' };
