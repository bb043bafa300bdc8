import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { ApiProblem } from '../api/client.ts';
import { useJob } from '../api/jobs.ts';
import { useTenant, useTenantChanges } from '../api/tenants.ts';
import type { Tenant } from '../api/types.ts';
import { Button } from '../components/button.tsx';
import { Empty } from '../components/empty.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { JobTable } from '../components/job-table.tsx';
import { Loading } from '../components/loading.tsx';
import { Page } from '../components/page.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { useMayChange } from '../session/session.tsx';
import { useTenantId } from '../session/tenant.ts';
import { PortalAccess } from '../tenant/portal-access.tsx';
import { TenantForm } from '../tenant/tenant-form.tsx';
import { TenantRemoval } from '../tenant/tenant-removal.tsx';
import { tenantsTexts } from '../texts/tenants.ts';
import { useTexts } from '../texts/texts.ts';

export function TenantSettingsPage() {
  const tenantId = useTenantId();
  const mayChange = useMayChange();
  const tenant = useTenant(tenantId);
  // What was begun stays in the address, so that it can be looked at again.
  const [params, setParams] = useSearchParams();
  const jobId = params.get('job');
  const isGone = tenant.error instanceof ApiProblem && tenant.error.problem.status === 404;
  const isThere = tenant.data !== undefined && !isGone;
  return (
    <Page title={tenant.data?.name ?? tenantId}>
      {jobId !== null && <Job id={jobId} />}
      {tenant.isPending && <Loading />}
      {tenant.isError && !isGone && <ErrorNote error={tenant.error} retry={tenant.refetch} />}
      {isGone && <Gone tenantId={tenantId} />}
      {isThere && (
        <>
          <Settings key={tenantId} current={tenant.data} />
          <PortalAccess tenantId={tenantId} />
          {mayChange && (
            <TenantRemoval tenantId={tenantId} onDone={(job) => setParams(job === null ? {} : { job: job.id })} />
          )}
        </>
      )}
    </Page>
  );
}

function Gone({ tenantId }: { tenantId: string }) {
  const t = useTexts(tenantsTexts);
  const mayChange = useMayChange();
  const { save } = useTenantChanges();
  return (
    <Empty title={t.gone}>
      <p>{t.goneDetail}</p>
      {save.isError && <ErrorNote error={save.error} />}
      {mayChange && (
        <Button isBusy={save.isPending} onClick={() => save.mutate({ id: tenantId, input: {}, etag: null })}>
          {t.addThis}
        </Button>
      )}
    </Empty>
  );
}

function Job({ id }: { id: string }) {
  const t = useTexts(tenantsTexts);
  const job = useJob(null, id);
  if (job.isError) return <ErrorNote error={job.error} retry={job.refetch} />;
  return (
    <section aria-label={t.job} className="first">
      {job.data === undefined ? <Loading /> : <JobTable jobs={[job.data]} />}
    </section>
  );
}

/** Works on the tenant as it was when the page opened, so that what is typed is never replaced from behind. */
function Settings({ current }: { current: Tenant & { etag: string | null } }) {
  const t = useTexts(tenantsTexts);
  const mayChange = useMayChange();
  const { save } = useTenantChanges();
  const [before, setBefore] = useState(current);
  const isOutdated = save.error instanceof ApiProblem && save.error.problem.code === 'precondition_failed';
  return (
    <section>
      <h2>{t.settings}</h2>
      <fieldset className="plain" disabled={!mayChange}>
        <TenantForm
          tenant={before}
          action={t.save}
          isBusy={save.isPending}
          error={isOutdated ? null : save.error}
          onSubmit={(id, input) => save.mutate({ id, input, etag: before.etag }, { onSuccess: setBefore })}
        />
        <div role="status">
          {save.isSuccess && <StatusBadge tone="ok">{t.saved}</StatusBadge>}
          {isOutdated && <StatusBadge tone="bad">{t.changedMeanwhile}</StatusBadge>}
        </div>
      </fieldset>
      {Object.keys(before.metadata).length > 0 && (
        <>
          <h3 className="above-table">{t.metadata}</h3>
          <dl className="facts">
            {Object.entries(before.metadata).map(([name, value]) => (
              <div key={name} className="contents">
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </section>
  );
}
