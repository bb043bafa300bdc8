import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, StartError } from '../../local/errors.ts';
import { MIB_PER_CORE } from '../cost.ts';

/** Processes that share a part of one core, as the functions of a memory size do in Lambda. */
export interface CpuGroup {
  /** A process that writes its id into it belongs to the group, and so do its children. */
  procsFile: string;
  /** Once its processes have ended. */
  remove(): void;
}

/** Where the kernel's controller of CPU time is, and how it is told: cgroup v1 or v2. */
const V1 = '/sys/fs/cgroup/cpu';
const V2 = '/sys/fs/cgroup';

/** Short, so that a short invocation is held up, too, instead of being over before the first pause. */
const PERIOD_US = 20_000;

/** Lambda gives one core with 1,769 MiB, and less in proportion. */
export function coresOf(memoryMib: number): number {
  return memoryMib / MIB_PER_CORE;
}

/** The kernel's own limit of CPU time. Throws a StartError where it cannot be set: that takes Linux and root. */
export function createCpuGroup(memoryMib: number): CpuGroup {
  const quotaUs = Math.round(coresOf(memoryMib) * PERIOD_US);
  const isV1 = existsSync(join(V1, 'cgroup.procs'));
  const path = join(isV1 ? V1 : V2, `posthorn-${process.pid}-${memoryMib}`);
  const settings: [string, string | number][] = isV1
    ? [
        ['cpu.cfs_period_us', PERIOD_US],
        ['cpu.cfs_quota_us', quotaUs],
        // What else the machine does must not take the group's part.
        ['cpu.shares', 262_144],
      ]
    : [
        ['cpu.max', `${quotaUs} ${PERIOD_US}`],
        ['cpu.weight', 10_000],
      ];
  try {
    if (!isV1) writeFileSync(join(V2, 'cgroup.subtree_control'), '+cpu');
    mkdirSync(path);
    for (const [file, value] of settings) writeFileSync(join(path, file), String(value));
  } catch (error) {
    throw new StartError(
      `The CPU of a function could not be limited (${messageOf(error)}). It takes Linux, and the right to write to ${isV1 ? V1 : V2}: root, or a container that owns its cgroup.`,
    );
  }
  return { procsFile: join(path, 'cgroup.procs'), remove: () => rmdirSync(path) };
}
