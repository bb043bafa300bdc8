/** The settings of a stack on one machine: those that were given for it, and what it does otherwise than `cdk.json` says. */
export function contextOfOneMachine(given: Record<string, string>): Record<string, string> {
  return {
    // The canary is for those who are not looking: here it would be a tenant and events that no one sent.
    canary: 'false',
    // What cdk.json has a deployment adopt is in AWS.
    adopt: '{}',
    ...given,
  };
}
