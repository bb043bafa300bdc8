import type { Job } from '../api/types.ts';
import { jobTexts } from '../texts/jobs.ts';
import { useTexts } from '../texts/texts.ts';

/** What a job does, in words. A dry run is named as the count that it is. */
export function useJobTitle(): (job: Pick<Job, 'kind' | 'filter'>) => string {
  const { kinds, countOf } = useTexts(jobTexts);
  return ({ kind, filter }) => (filter.dryRun === true ? countOf(kinds[kind]) : kinds[kind]);
}
