import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { useEventTypes } from '../api/event-types.ts';
import type { EventType } from '../api/types.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { Empty } from '../components/empty.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Icon } from '../components/icon.tsx';
import { Loading } from '../components/loading.tsx';
import { Page } from '../components/page.tsx';
import { SearchField } from '../components/search-field.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { LoadPack } from '../event-types/load-pack.tsx';
import { useMayChange } from '../session/session.tsx';
import { eventTypesTexts } from '../texts/event-types.ts';
import { useTexts } from '../texts/texts.ts';

export function EventTypesPage() {
  const t = useTexts(eventTypesTexts);
  const mayChange = useMayChange();
  const found = useEventTypes();
  const [params, setParams] = useSearchParams();
  const [clearings, setClearings] = useState(0);
  const search = params.get('search') ?? '';
  const withArchived = params.has('archived');
  const set = (next: { search: string; withArchived: boolean }) =>
    setParams(
      { ...(next.search !== '' && { search: next.search }), ...(next.withArchived && { archived: 'true' }) },
      { replace: true },
    );
  const all = found.data ?? [];
  const fitting = all.filter(
    ({ name, description, group, archived }) =>
      (withArchived || !archived) &&
      `${name} ${description} ${group ?? ''}`.toLowerCase().includes(search.toLowerCase()),
  );
  const groups = [...Map.groupBy(fitting, ({ group }) => group ?? '')].toSorted(([a], [b]) => a.localeCompare(b));
  return (
    <Page
      title={t.title}
      actions={
        mayChange && (
          <>
            <LoadPack />
            <ButtonLink look="main" href="/new-event-type">
              <Icon name="plus" />
              {t.add}
            </ButtonLink>
          </>
        )
      }
    >
      <p className="intro">{t.intro}</p>
      {found.isError && <ErrorNote error={found.error} retry={found.refetch} />}
      {found.isPending && <Loading />}
      {found.isSuccess && all.length === 0 && (
        <Empty title={t.empty}>
          <p>{mayChange ? t.emptyDetail : t.emptyReadOnly}</p>
        </Empty>
      )}
      {all.length > 0 && (
        <search className="filters">
          <SearchField
            key={clearings}
            label={t.search}
            value={search}
            onChange={(text) => set({ search: text, withArchived })}
          />
          <label className="check">
            <input
              type="checkbox"
              checked={withArchived}
              onChange={(event) => set({ search, withArchived: event.target.checked })}
            />
            {t.archivedToo}
          </label>
        </search>
      )}
      {all.length > 0 && fitting.length === 0 && (
        <Empty title={t.noneFound}>
          <Button
            onClick={() => {
              set({ search: '', withArchived: true });
              setClearings(clearings + 1);
            }}
          >
            {t.clear}
          </Button>
        </Empty>
      )}
      {groups.map(([group, types]) => (
        <section key={group} className="group">
          <h2>
            {group === '' ? t.ungrouped : group} <span className="quiet">{types.length}</span>
          </h2>
          <EventTypeTable types={types} />
        </section>
      ))}
    </Page>
  );
}

function EventTypeTable({ types }: { types: readonly EventType[] }) {
  const t = useTexts(eventTypesTexts);
  return (
    <div className="table">
      <table className="even">
        <thead>
          <tr>
            <th scope="col">{t.name}</th>
            <th scope="col">{t.description}</th>
            <th scope="col">{t.has}</th>
          </tr>
        </thead>
        <tbody>
          {types.map((type) => (
            <tr key={type.name}>
              <th scope="row">
                <Link href={`/event-types/${encodeURIComponent(type.name)}/settings`}>{type.name}</Link>
              </th>
              <td data-label={t.description}>{type.description === '' ? '–' : type.description}</td>
              <td data-label={t.has}>
                {type.archived && <StatusBadge tone="pause">{t.archived}</StatusBadge>}{' '}
                <span className="quiet">{whatItHas(type, t)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function whatItHas(
  { schema, example, validate }: EventType,
  t: { hasSchema: string; hasExample: string; checked: string },
): string {
  const has = [
    (schema ?? null) !== null && t.hasSchema,
    (schema ?? null) !== null && validate && t.checked,
    (example ?? null) !== null && t.hasExample,
  ].filter((one) => one !== false);
  return has.length === 0 ? '–' : has.join(' · ');
}
