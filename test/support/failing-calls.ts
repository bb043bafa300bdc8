import type { MiddlewareStack } from '@smithy/types';

/**
 * Makes calls of a client fail before they leave, as they fail once the SDK has tried often enough.
 * @param fails the error of a call, or null for one that is carried out; `number` counts the calls from 1
 * @returns ends it
 */
export function failCalls<Input extends object, Output extends object>(
  client: { middlewareStack: MiddlewareStack<Input, Output> },
  fails: (operation: string, input: Input, number: number) => Error | null,
): () => void {
  let number = 0;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      number += 1;
      const error = fails(String(context.commandName).replace(/Command$/, ''), args.input, number);
      if (error !== null) throw error;
      return next(args);
    },
    { step: 'initialize', name: 'failing-calls' },
  );
  return () => {
    client.middlewareStack.remove('failing-calls');
  };
}

export function throttled(): Error {
  return Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
}
