import type { Job } from '../api/types.ts';
import { jobsTexts } from '../texts/jobs.ts';
import { useTexts } from '../texts/texts.ts';
import { StatusBadge, type Tone } from './status-badge.tsx';

const TONES: Record<Job['status'], Tone> = { running: 'idle', done: 'ok', cancelled: 'pause', failed: 'bad' };

/** How a job is doing, and why it failed. */
export function JobStatus({ job }: { job: Job }) {
  const t = useTexts(jobsTexts);
  return (
    <>
      <StatusBadge tone={TONES[job.status]}>{t.statuses[job.status]}</StatusBadge>
      {job.error !== null && <p className="quiet">{job.error.message}</p>}
    </>
  );
}
