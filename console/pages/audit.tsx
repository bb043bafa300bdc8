import { useAudit } from '../api/audit.ts';
import type { AuditRecord } from '../api/types.ts';
import { Button } from '../components/button.tsx';
import { Empty } from '../components/empty.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Loading } from '../components/loading.tsx';
import { MomentField } from '../components/moment-field.tsx';
import { Page } from '../components/page.tsx';
import { Paging } from '../components/paging.tsx';
import { SearchField } from '../components/search-field.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { Time } from '../components/time.tsx';
import { useFilters } from '../components/use-filters.ts';
import { auditTexts } from '../texts/audit.ts';
import { useTexts } from '../texts/texts.ts';

const FILTERS = ['tenantId', 'keyId', 'from', 'to'] as const;

export function AuditPage() {
  const t = useTexts(auditTexts);
  const filters = useFilters(FILTERS);
  const { values, cursor, isFiltered, clearings, set, clear } = filters;
  const found = useAudit({ ...values, cursor });
  const records = found.data?.data ?? [];
  const isEmpty = found.isSuccess && records.length === 0;
  return (
    <Page title={t.title}>
      <p className="intro">{t.intro}</p>
      <search key={clearings} className="filters many" aria-label={t.filters}>
        <SearchField label={t.tenant} value={values.tenantId ?? ''} onChange={(text) => set('tenantId', text)} />
        <SearchField label={t.caller} value={values.keyId ?? ''} onChange={(text) => set('keyId', text)} />
        <MomentField label={t.from} value={values.from} onChange={(at) => set('from', at)} />
        <MomentField label={t.to} value={values.to} onChange={(at) => set('to', at)} />
      </search>
      {found.isError && <ErrorNote error={found.error} retry={found.refetch} />}
      {found.isPending && <Loading />}
      {isEmpty && !isFiltered && (
        <Empty title={t.empty}>
          <p>{t.emptyDetail}</p>
        </Empty>
      )}
      {isEmpty && isFiltered && (
        <Empty title={t.noneFound}>
          {found.data.nextCursor !== null && <p>{t.noneFoundYet}</p>}
          <Button onClick={clear}>{t.clear}</Button>
        </Empty>
      )}
      {records.length > 0 && <AuditTable records={records} />}
      <Paging nextCursor={found.data?.nextCursor ?? null} />
    </Page>
  );
}

function AuditTable({ records }: { records: readonly AuditRecord[] }) {
  const t = useTexts(auditTexts);
  return (
    <div className="table">
      <table>
        <thead>
          <tr>
            <th scope="col">{t.when}</th>
            <th scope="col">{t.who}</th>
            <th scope="col">{t.what}</th>
            <th scope="col">{t.on}</th>
            <th scope="col">{t.fields}</th>
          </tr>
        </thead>
        <tbody>
          {records.map(({ id, at, by, action, operation, tenantId, resourceIds, fields, changes }) => (
            <tr key={id}>
              <th scope="row">
                <Time at={at} />
              </th>
              <td data-label={t.who}>
                {by.name ?? t.kinds[by.kind]} <code className="url">{by.id}</code>
              </td>
              <td data-label={t.what}>
                {wordsOf(operation)} {action === 'reveal' && <StatusBadge tone="warn">{t.reveal}</StatusBadge>}
              </td>
              <td data-label={t.on}>
                <code className="url">
                  {[...new Set([tenantId, ...resourceIds])].filter(Boolean).join(' · ') || '–'}
                </code>
              </td>
              <td data-label={t.fields}>
                <Fields fields={fields} changes={changes} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What became of each field, where the trail knows it. */
function Fields({ fields, changes }: Pick<AuditRecord, 'fields' | 'changes'>) {
  const t = useTexts(auditTexts);
  const changed = Object.entries(changes);
  if (changed.length === 0) return <code className="url">{fields.join(', ') || '–'}</code>;
  const words = ({ from, to }: AuditRecord['changes'][string]): string => {
    if (from === null) return t.setTo(to ?? '–');
    return to === null ? t.removed(from) : t.changed(from, to);
  };
  return changed.map(([name, change]) => (
    <div key={name} className="url">
      <code>{name}</code> {words(change)}
    </div>
  ));
}

/** `createApiKey` as words; method and path of a vendor's route stay as they are. */
function wordsOf(operation: string): string {
  if (!/^[a-zA-Z]+$/.test(operation)) return operation;
  const words = operation.replace(/([A-Z])/g, ' $1').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
