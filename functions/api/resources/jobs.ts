import type { Jobs } from '../../core/jobs/jobs.ts';
import { Refusal } from '../../core/refusal.ts';
import { listOptions, type PageQuery, pageQuery, routesOf, taggedAnswer } from '../http/route.ts';
import { JobView, jobView } from '../schemas/job.ts';
import { listOf, pageAnswer } from '../schemas/list.ts';

const ofTenant = routesOf('Jobs', 'tenant');
const ofCompany = routesOf('Jobs', 'company');

const LISTED = { 200: { description: 'A page of jobs.', schema: listOf(JobView) } };
const ONE = { 200: { description: 'The job.', schema: JobView } };
const CANCELLED = {
  200: {
    description: 'Cancelled, unless it had ended before. What its last page has begun may still happen.',
    schema: JobView,
  },
};

export const createJobRoutes = ({ jobs }: { jobs: Jobs }) => {
  const list = async (tenantId: string | null, query: PageQuery) =>
    pageAnswer(await jobs.page(tenantId, listOptions(query)), jobView);
  return [
    ofTenant('GET', '/v1/tenants/{tenantId}/jobs', {
      id: 'listTenantJobs',
      summary: 'List the tenant’s jobs, newest first',
      query: pageQuery,
      responses: LISTED,
      run: ({ params, query }) => list(params.tenantId, query),
    }),
    ofTenant('GET', '/v1/tenants/{tenantId}/jobs/{jobId}', {
      id: 'getTenantJob',
      summary: 'Read a job of the tenant with its progress',
      responses: ONE,
      run: async ({ params }) => taggedAnswer(200, await jobs.read(params.tenantId, params.jobId), jobView),
    }),
    ofTenant('POST', '/v1/tenants/{tenantId}/jobs/{jobId}/cancel', {
      id: 'cancelTenantJob',
      summary: 'Stop a job of the tenant after its current page',
      responses: CANCELLED,
      run: async ({ params }) => taggedAnswer(200, await jobs.cancel(params.tenantId, params.jobId), jobView),
    }),
    ofCompany('GET', '/v1/jobs', {
      id: 'listJobs',
      summary: 'List the jobs of all tenants and the company’s own, newest first',
      query: pageQuery,
      responses: LISTED,
      run: ({ query }) => list(null, query),
    }),
    ofCompany('GET', '/v1/jobs/{jobId}', {
      id: 'getJob',
      summary: 'Read a job with its progress',
      responses: ONE,
      run: async ({ params }) => taggedAnswer(200, await jobs.read(null, params.jobId), jobView),
    }),
    ofCompany('POST', '/v1/jobs/{jobId}/cancel', {
      id: 'cancelJob',
      summary: 'Stop a job after its current page',
      responses: CANCELLED,
      run: async ({ params }) => {
        const job = await jobs.cancel(null, params.jobId);
        if (job instanceof Refusal) return job;
        return { status: 200, body: jobView(job), revision: job.revision, tenantId: job.task.tenantId };
      },
    }),
  ];
};
