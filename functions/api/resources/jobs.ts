import { JobId } from '../../core/ids.ts';
import type { Job } from '../../core/jobs/job.ts';
import type { Jobs } from '../../core/jobs/jobs.ts';
import { Refusal } from '../../core/refusal.ts';
import { listOptions, pageQuery, routesOf } from '../http/route.ts';
import { JobView, jobView } from '../schemas/job.ts';
import { listBody, listOf } from '../schemas/list.ts';
import { tenantParams } from '../schemas/params.ts';

const ofTenant = routesOf('Jobs', 'tenant');
const ofCompany = routesOf('Jobs', 'company');

const jobParams = { jobId: JobId };
const LISTED = { 200: { description: 'A page of jobs.', schema: listOf(JobView) } };
const ONE = { 200: { description: 'The job.', schema: JobView } };
const CANCELLED = {
  200: { description: 'Cancelled. What its last page has begun may still happen.', schema: JobView },
};

export const createJobRoutes = ({ jobs }: { jobs: Jobs }) => {
  const list = async (tenantId: string | null, query: { limit: number; cursor?: string | undefined }) => {
    const page = await jobs.page(tenantId, listOptions(query));
    return { status: 200, body: listBody(page, page.values.map(jobView)) };
  };
  return [
    ofTenant('GET', '/v1/tenants/{tenantId}/jobs', {
      id: 'listTenantJobs',
      summary: 'List the tenant’s jobs, newest first',
      params: tenantParams,
      query: pageQuery,
      responses: LISTED,
      run: ({ params, query }) => list(params.tenantId, query),
    }),
    ofTenant('GET', '/v1/tenants/{tenantId}/jobs/{jobId}', {
      id: 'getTenantJob',
      summary: 'Read a job of the tenant with its progress',
      params: { ...tenantParams, ...jobParams },
      responses: ONE,
      run: async ({ params }) => answer(await jobs.read(params.tenantId, params.jobId)),
    }),
    ofTenant('POST', '/v1/tenants/{tenantId}/jobs/{jobId}/cancel', {
      id: 'cancelTenantJob',
      summary: 'Stop a job of the tenant after its current page',
      params: { ...tenantParams, ...jobParams },
      responses: CANCELLED,
      run: async ({ params }) => answer(await jobs.cancel(params.tenantId, params.jobId)),
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
      params: jobParams,
      responses: ONE,
      run: async ({ params }) => answer(await jobs.read(null, params.jobId)),
    }),
    ofCompany('POST', '/v1/jobs/{jobId}/cancel', {
      id: 'cancelJob',
      summary: 'Stop a job after its current page',
      params: jobParams,
      responses: CANCELLED,
      run: async ({ params }) => answer(await jobs.cancel(null, params.jobId)),
    }),
  ];
};

function answer(job: Job | Refusal) {
  return job instanceof Refusal ? job : { status: 200, body: jobView(job), revision: job.revision };
}
