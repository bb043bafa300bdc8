import { type AwsCall, AwsError } from '../../functions/adapters/aws/calls.ts';

type Answer = object | Error | ((input: unknown) => Promise<object>);

/** A service that answers as a test says: the answers to an operation in turn, the last one for good. */
export class ScriptedCalls {
  private readonly answers = new Map<string, Answer[]>();
  private readonly made: { operation: string; input: unknown }[] = [];

  on(operation: string, ...answers: Answer[]): this {
    this.answers.set(operation, answers);
    return this;
  }

  readonly call: AwsCall = async (operation, input) => {
    this.made.push({ operation, input });
    const answers = this.answers.get(operation) ?? [];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === undefined) throw new Error(`nothing is said of ${operation}`);
    if (answer instanceof Error) throw answer;
    return typeof answer === 'function' ? answer(input) : answer;
  };

  /** What an operation was asked. */
  inputs(operation: string): unknown[] {
    return this.made.filter((one) => one.operation === operation).map(({ input }) => input);
  }
}

export function refused(name: string, message = 'no'): AwsError {
  return new AwsError(name, message, 400, null);
}

export const throttled = (): AwsError => refused('ThrottlingException', 'slow down');
