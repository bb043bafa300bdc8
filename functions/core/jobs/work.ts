import { type CancelRangePorts, cancelPage } from './cancel-range.ts';
import { type DeleteTenantPorts, deleteTenantPage } from './delete-tenant.ts';
import { type EraseTenantPorts, erasePage } from './erase-tenant.ts';
import { type FanOutJobPorts, fanOutPage } from './fan-out.ts';
import type { Job } from './job.ts';
import { type RecoverPorts, recoverPage } from './recover.ts';
import { type ReplayPorts, replayPage } from './replay.ts';
import { type ReplayEventPorts, replayEventPage } from './replay-event.ts';
import { type RepublishRangePorts, republishPage } from './republish-range.ts';
import type { JobWork } from './run-page.ts';
import { type SettleParkedJobPorts, settleParkedPage } from './settle-parked.ts';

export type WorkPorts = ReplayPorts &
  CancelRangePorts &
  ReplayEventPorts &
  RecoverPorts &
  RepublishRangePorts &
  SettleParkedJobPorts &
  FanOutJobPorts &
  EraseTenantPorts &
  DeleteTenantPorts;

/** The work of each kind of job. */
export function createWork(ports: WorkPorts): JobWork {
  return async (job: Job) => {
    const { task } = job;
    switch (task.kind) {
      case 'replay':
        return replayPage(ports, job, task);
      case 'cancel':
        return cancelPage(ports, job, task);
      case 'replay_event':
        return replayEventPage(ports, job, task);
      case 'recover':
        return recoverPage(ports, job, task);
      case 'republish':
        return republishPage(ports, job, task);
      case 'settle_parked':
        return settleParkedPage(ports, job, task);
      case 'fan_out':
        return fanOutPage(ports, job, task);
      case 'delete_tenant':
        return deleteTenantPage(ports, job, task);
      case 'erase':
        return erasePage(ports, job, task);
      default:
        return task satisfies never;
    }
  };
}
