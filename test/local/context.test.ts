import { expect, test } from 'vitest';
import { contextOfOneMachine } from '../../local/template/context.ts';

// docs/recovery.md has `adopt` put into cdk.json, which npm start reads as well: its tables would not be there.
test('one machine adopts what it is told to itself, and nothing that cdk.json has a deployment adopt', () => {
  const fromCdkJson = { adopt: { catalogTableName: 'restored-in-aws' }, eventTypes: 'strict' };
  expect({ ...fromCdkJson, ...contextOfOneMachine({}) }).toMatchObject({ adopt: '{}', eventTypes: 'strict' });
  const adopt = '{"catalogTableName":"catalog-2"}';
  expect({ ...fromCdkJson, ...contextOfOneMachine({ adopt, canary: 'true' }) }).toMatchObject({
    adopt,
    canary: 'true',
  });
});
