import type { Job } from '../api/types.ts';
import { jobTexts } from '../texts/jobs.ts';
import { useTexts } from '../texts/texts.ts';
import { StatusBadge, type Tone } from './status-badge.tsx';

const TONES: Record<Job['status'], Tone> = { running: 'idle', done: 'ok', cancelled: 'pause', failed: 'bad' };

/** How a job is doing, and why it failed. */
export function JobStatus({ job }: { job: Job }) {
  const t = useTexts(jobTexts);
  return (
    <>
      <StatusBadge tone={TONES[job.status]}>{t.jobStatuses[job.status]}</StatusBadge>
      {job.error !== null && <p className="quiet">{t.failedBy(job.error)}</p>}
    </>
  );
}
