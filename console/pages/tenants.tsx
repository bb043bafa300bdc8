import { useState } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import { useTenants } from '../api/tenants.ts';
import { Button } from '../components/button.tsx';
import { Empty } from '../components/empty.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Field } from '../components/field.tsx';
import { Loading } from '../components/loading.tsx';
import { Page } from '../components/page.tsx';
import { Paging } from '../components/paging.tsx';
import { Time } from '../components/time.tsx';
import { tenantsTexts } from '../texts/tenants.ts';
import { useTexts } from '../texts/texts.ts';

const TENANT_ID = /^[A-Za-z0-9_-]{1,64}$/;

export function TenantsPage() {
  const t = useTexts(tenantsTexts);
  const [params] = useSearchParams();
  const tenants = useTenants(params.get('cursor'));
  return (
    <Page title={t.title}>
      <p>{t.intro}</p>
      <OpenTenant />
      {tenants.isError && <ErrorNote error={tenants.error} retry={tenants.refetch} />}
      {tenants.isPending && <Loading />}
      {tenants.data?.data.length === 0 && (
        <Empty title={t.empty}>
          <p>{t.emptyDetail}</p>
        </Empty>
      )}
      {tenants.data !== undefined && tenants.data.data.length > 0 && (
        <div className="table">
          <table>
            <thead>
              <tr>
                <th scope="col">{t.id}</th>
                <th scope="col">{t.name}</th>
                <th scope="col">{t.created}</th>
              </tr>
            </thead>
            <tbody>
              {tenants.data.data.map(({ id, name, createdAt }) => (
                <tr key={id}>
                  <th scope="row">
                    <Link href={`/tenants/${id}/webhooks`}>{id}</Link>
                  </th>
                  <td>{name ?? '–'}</td>
                  <td>
                    <Time at={createdAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Paging nextCursor={tenants.data?.nextCursor ?? null} />
    </Page>
  );
}

function OpenTenant() {
  const t = useTexts(tenantsTexts);
  const [, navigate] = useLocation();
  const [id, setId] = useState('');
  const [isWrong, setWrong] = useState(false);
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault();
        if (TENANT_ID.test(id)) navigate(`/tenants/${id}/webhooks`);
        else setWrong(true);
      }}
    >
      <Field label={t.open} hint={t.openHint} error={isWrong ? t.wrongId : undefined}>
        {(control) => <input {...control} value={id} onChange={(event) => setId(event.target.value)} />}
      </Field>
      <Button type="submit">{t.openButton}</Button>
    </form>
  );
}
