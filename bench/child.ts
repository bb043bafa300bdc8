import { fork, type Serializable } from 'node:child_process';
import { once } from 'node:events';

/** A process of the bench, which answers questions, one at a time. */
export interface Child<Question, Answer> {
  pid: number;
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

/** @param file beside this one; it calls `answerParent` */
export function startChild<Question extends Serializable, Answer>(
  file: string,
  args: string[] = [],
): Child<Question, Answer> {
  const child = fork(new URL(file, import.meta.url), args, { serialization: 'advanced', execArgv: [] });
  const ended = once(child, 'exit').then(([code, signal]): never => {
    throw new Error(`${file} ended (${signal ?? code})`);
  });
  ended.catch(() => {});
  return {
    pid: child.pid ?? 0,
    async ask(question) {
      child.send(question);
      const [answer] = await Promise.race([once(child, 'message'), ended]);
      return answer;
    },
    async stop() {
      child.kill('SIGKILL');
      await ended.catch(() => {});
    },
  };
}

/** In the child: ends with its parent. */
export function answerParent<Question, Answer>(answer: (question: Question) => Answer | Promise<Answer>): void {
  process.on('disconnect', () => process.exit(0));
  // The terminal interrupts the whole group; the parent decides when to end.
  process.on('SIGINT', () => {});
  process.on('message', async (question: Question) => void process.send?.(await answer(question)));
}
