import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A process of the bench, which answers questions. */
export interface Child<Question, Answer> {
  pid: number;
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

interface Asked<Question> {
  id: number;
  question: Question;
}
interface Answered<Answer> {
  id: number;
  answer: Answer;
}

/** @param file beside this one; it calls `answerParent` */
export function startChild<Question, Answer>(file: string, args: string[] = []): Child<Question, Answer> {
  const child = fork(new URL(file, import.meta.url), args, { serialization: 'advanced', execArgv: [] });
  const pending = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  let nextId = 1;
  child.on('message', ({ id, answer }: Answered<Answer>) => {
    pending.get(id)?.resolve(answer);
    pending.delete(id);
  });
  child.on('exit', (code, signal) => {
    for (const { reject } of pending.values()) reject(new Error(`${file} ended (${signal ?? code})`));
    pending.clear();
  });
  return {
    pid: child.pid ?? 0,
    ask(question) {
      const asked: Asked<Question> = { id: nextId++, question };
      return new Promise((resolve, reject) => {
        pending.set(asked.id, { resolve, reject });
        child.send(asked, (error) => error && reject(error));
      });
    },
    stop: () => endOf(child),
  };
}

/** In the child: ends with its parent. */
export function answerParent<Question, Answer>(answer: (question: Question) => Answer | Promise<Answer>): void {
  process.on('disconnect', () => process.exit(0));
  // The terminal interrupts the whole group; the parent decides when to end.
  process.on('SIGINT', () => {});
  process.on('message', async ({ id, question }: Asked<Question>) => {
    const answered: Answered<Answer> = { id, answer: await answer(question) };
    process.send?.(answered);
  });
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
