import type { Job } from '../api/types.ts';
import { jobTexts } from '../texts/jobs.ts';
import { useLanguage, useTexts } from '../texts/texts.ts';

/** @param expected how many there will be, if they were counted before */
export function JobProgress({ job: { status, progress }, expected }: { job: Job; expected: number | null }) {
  const t = useTexts(jobTexts);
  const number = new Intl.NumberFormat(useLanguage());
  const handled = progress.done + progress.failed;
  const known = progress.total ?? expected;
  const about = known ?? progress.estimate;
  const total = about === null ? null : Math.max(about, handled);
  const ofSome = known === null ? t.ofAbout : t.ofAll;
  const words = total === null ? number.format(handled) : ofSome(number.format(handled), number.format(total));
  return (
    <div className="progress">
      {/* A job of nothing is done. */}
      {total === null && status === 'running' ? (
        <progress aria-label={t.progress} />
      ) : (
        <progress
          aria-label={t.progress}
          value={total === 0 ? 1 : handled}
          max={total === 0 ? 1 : (total ?? handled)}
        />
      )}
      <span role="status">{words}</span>
    </div>
  );
}
