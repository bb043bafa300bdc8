import { readdirSync, readFileSync } from 'node:fs';
import { StartError } from '../local/errors.ts';
import { readIfThere } from '../local/files.ts';

/** Linux counts CPU time for processes in hundredths of a second, whatever the kernel's own clock. */
const TICK_MS = 10;

/** CPU time that a process with all its threads has used so far, in user and kernel mode, without its children. */
export function cpuMs(pid: number): number {
  return timesIn(readStat(pid));
}

/** The same for each of its threads, by the thread's name. */
export function cpuMsByThread(pid: number): { name: string; cpuMs: number }[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    const stat = readIfThere(`/proc/${pid}/task/${thread}/stat`);
    // A thread may end meanwhile.
    return stat === undefined ? [] : [{ name: /\((.*)\)/s.exec(stat)?.[1] ?? '', cpuMs: timesIn(stat) }];
  });
}

function timesIn(stat: string): number {
  const [, text] = /\) (.+)/s.exec(stat) ?? [];
  // Behind the name, in which anything may stand: state is field 3, utime 14, stime 15 (man 5 proc_pid_stat).
  const fields = text?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function readStat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    throw new StartError(`The CPU time of process ${pid} is not in /proc: the bench needs Linux, and that it lives.`, {
      cause: error,
    });
  }
}
