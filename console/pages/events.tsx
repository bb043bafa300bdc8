import { useEventTypes } from '../api/event-types.ts';
import { useEvents } from '../api/events.ts';
import type { EventSummary } from '../api/types.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { Empty } from '../components/empty.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { FilterSelect } from '../components/filter-select.tsx';
import { Icon } from '../components/icon.tsx';
import { Link } from '../components/link.tsx';
import { Loading } from '../components/loading.tsx';
import { MomentField } from '../components/moment-field.tsx';
import { News } from '../components/news.tsx';
import { Page } from '../components/page.tsx';
import { Paging } from '../components/paging.tsx';
import { Time } from '../components/time.tsx';
import { type Filters, useFilters } from '../components/use-filters.ts';
import { useLiveList } from '../components/use-live-list.ts';
import { useMayChange } from '../session/session.tsx';
import { useTenantId } from '../session/tenant.ts';
import { eventTexts } from '../texts/events.ts';
import { sharedTexts } from '../texts/shared.ts';
import { useTexts } from '../texts/texts.ts';

const FILTERS = ['type', 'environment', 'from', 'to'] as const;

export function EventsPage() {
  const t = useTexts(eventTexts);
  const tenantId = useTenantId();
  const mayChange = useMayChange();
  const filters = useFilters(FILTERS);
  const found = useEvents(tenantId, { ...filters.values, cursor: filters.cursor });
  const { items, nextCursor, come, gone, showLatest } = useLiveList(
    JSON.stringify([tenantId, filters.values, filters.cursor]),
    found.isPlaceholderData ? undefined : found.data,
  );
  const isEmpty = found.isSuccess && items.length === 0;
  const isWhole = !filters.isFiltered && filters.cursor === null;
  return (
    <Page
      title={t.title}
      actions={
        mayChange && (
          <ButtonLink look="main" href={`/tenants/${tenantId}/new-event`}>
            <Icon name="plus" />
            {t.publish}
          </ButtonLink>
        )
      }
    >
      {(filters.isFiltered || items.length > 0) && (
        <EventFilters key={filters.clearings} filters={filters} shownTypes={items.map(({ type }) => type)} />
      )}
      {found.isError && <ErrorNote error={found.error} retry={found.refetch} />}
      {found.isPending && <Loading />}
      {filters.cursor === null && <News come={come} gone={gone} onShow={showLatest} />}
      {isEmpty && isWhole && (
        <Empty title={t.empty}>
          <p>{t.emptyDetail}</p>
        </Empty>
      )}
      {isEmpty && !isWhole && (
        <Empty title={nextCursor === null ? t.noneFound : t.noneFoundYet}>
          <Button onClick={filters.clear}>{t.clear}</Button>
        </Empty>
      )}
      {items.length > 0 && <EventTable events={items} />}
      <Paging nextCursor={nextCursor} />
    </Page>
  );
}

function EventTable({ events }: { events: readonly EventSummary[] }) {
  const t = useTexts(eventTexts);
  const { environments } = useTexts(sharedTexts);
  return (
    <div className="table paired">
      <table>
        <thead>
          <tr>
            <th scope="col">{t.type}</th>
            <th scope="col">{t.environment}</th>
            <th scope="col">{t.accepted}</th>
          </tr>
        </thead>
        <tbody>
          {events.map(({ id, tenantId, type, environment, acceptedAt }) => (
            <tr key={id}>
              <th scope="row">
                <Link href={`/tenants/${tenantId}/events/${id}`}>{type}</Link>
                <span className="url">{id}</span>
              </th>
              <td data-label={t.environment}>{environments[environment]}</td>
              <td data-label={t.accepted}>
                <Time at={acceptedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface EventFiltersProps {
  filters: Filters<(typeof FILTERS)[number]>;
  /** Of what is shown: types that are not declared can be chosen, too. */
  shownTypes: readonly string[];
}

function EventFilters({ filters: { values, set }, shownTypes }: EventFiltersProps) {
  const t = useTexts(eventTexts);
  const { environments } = useTexts(sharedTexts);
  const eventTypes = useEventTypes();
  const types = new Set([...(eventTypes.data ?? []).map(({ name }) => name), ...shownTypes]);
  return (
    <search className="filters many" aria-label={t.filters}>
      <FilterSelect
        label={t.type}
        all={t.all}
        value={values.type}
        options={[...types].map((name) => [name, name])}
        onChange={(value) => set('type', value)}
      />
      <FilterSelect
        label={t.environment}
        all={t.all}
        value={values.environment}
        options={Object.entries(environments)}
        onChange={(value) => set('environment', value)}
      />
      <MomentField label={t.from} value={values.from} onChange={(at) => set('from', at)} />
      <MomentField label={t.to} value={values.to} onChange={(at) => set('to', at)} />
    </search>
  );
}
