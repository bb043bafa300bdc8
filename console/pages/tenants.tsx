import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { useTenants } from '../api/tenants.ts';
import type { Tenant } from '../api/types.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { Empty } from '../components/empty.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Icon } from '../components/icon.tsx';
import { Loading } from '../components/loading.tsx';
import { Page } from '../components/page.tsx';
import { Paging } from '../components/paging.tsx';
import { SearchField } from '../components/search-field.tsx';
import { Time } from '../components/time.tsx';
import { useMayChange } from '../session/session.tsx';
import { isTenantId } from '../tenant/tenant-id.ts';
import { tenantsTexts } from '../texts/tenants.ts';
import { useTexts } from '../texts/texts.ts';

export function TenantsPage() {
  const t = useTexts(tenantsTexts);
  const mayChange = useMayChange();
  const [params, setParams] = useSearchParams();
  const [clearings, setClearings] = useState(0);
  const search = params.get('search');
  const found = useTenants(search, params.get('cursor'));
  const tenants = found.data?.data ?? [];
  const setSearch = (text: string) => setParams(text === '' ? {} : { search: text }, { replace: true });
  return (
    <Page
      title={t.title}
      actions={
        mayChange && (
          <ButtonLink look="main" href="/tenants/new">
            <Icon name="plus" />
            {t.add}
          </ButtonLink>
        )
      }
    >
      <p className="intro">{t.intro}</p>
      <search className="filters">
        <SearchField key={clearings} label={t.search} value={search ?? ''} onChange={setSearch} />
      </search>
      {found.isError && <ErrorNote error={found.error} retry={found.refetch} />}
      {found.isPending && <Loading />}
      {found.isSuccess && tenants.length === 0 && search === null && (
        <Empty title={t.empty}>
          <p>{mayChange ? t.emptyDetail : t.emptyReadOnly}</p>
        </Empty>
      )}
      {found.isSuccess && tenants.length === 0 && search !== null && (
        <Empty title={t.noneFound}>
          {found.data.nextCursor !== null && <p>{t.noneFoundYet}</p>}
          {isTenantId(search) && <p>{t.openOneHint}</p>}
          <div className="actions">
            {isTenantId(search) && <ButtonLink href={`/tenants/${search}/webhooks`}>{t.openOne(search)}</ButtonLink>}
            <Button
              onClick={() => {
                setSearch('');
                setClearings(clearings + 1);
              }}
            >
              {t.clear}
            </Button>
          </div>
        </Empty>
      )}
      {tenants.length > 0 && <TenantTable tenants={tenants} />}
      <Paging nextCursor={found.data?.nextCursor ?? null} />
    </Page>
  );
}

function TenantTable({ tenants }: { tenants: readonly Tenant[] }) {
  const t = useTexts(tenantsTexts);
  return (
    <div className="table">
      <table>
        <thead>
          <tr>
            <th scope="col">{t.id}</th>
            <th scope="col">{t.name}</th>
            <th scope="col">{t.defaultProfile}</th>
            <th scope="col">{t.created}</th>
          </tr>
        </thead>
        <tbody>
          {tenants.map(({ id, name, defaultProfile, createdAt }) => (
            <tr key={id}>
              <th scope="row">
                <Link href={`/tenants/${id}/webhooks`}>{id}</Link>
              </th>
              <td data-label={t.name}>{name ?? '–'}</td>
              <td data-label={t.defaultProfile}>{defaultProfile ?? '–'}</td>
              <td data-label={t.created}>
                <Time at={createdAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
