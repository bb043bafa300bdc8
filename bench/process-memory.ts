import { readFileSync } from 'node:fs';

/** Memory of a process, in MB. A page that several processes share counts once, in parts. */
export function memoryMb(pid: number): number {
  const [, kilobytes] = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
  return Number(kilobytes) / 1_000;
}
