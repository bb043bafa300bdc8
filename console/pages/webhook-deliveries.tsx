import { useState } from 'react';
import { useSearch } from 'wouter';
import { useDeliveries } from '../api/deliveries.ts';
import { useEventTypes } from '../api/event-types.ts';
import type { Delivery, Subscription } from '../api/types.ts';
import { AnswerSelect } from '../components/answer-select.tsx';
import { Button } from '../components/button.tsx';
import { DeliveryTable } from '../components/delivery-table.tsx';
import { Empty } from '../components/empty.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { FilterSelect } from '../components/filter-select.tsx';
import { Loading } from '../components/loading.tsx';
import { MomentField } from '../components/moment-field.tsx';
import { News } from '../components/news.tsx';
import { Paging } from '../components/paging.tsx';
import { SendAgain } from '../components/send-again.tsx';
import { type Filters, useFilters } from '../components/use-filters.ts';
import { useLiveList } from '../components/use-live-list.ts';
import { WebhookPage } from '../components/webhook-page.tsx';
import { useMayChange } from '../session/session.tsx';
import { deliveryTexts } from '../texts/deliveries.ts';
import { useTexts } from '../texts/texts.ts';

const FILTERS = ['status', 'eventType', 'responseStatus', 'from', 'to'] as const;
const STATUSES: readonly Delivery['status'][] = ['succeeded', 'pending', 'parked', 'failed', 'cancelled'];

export function WebhookDeliveriesPage() {
  return <WebhookPage>{(subscription) => <Deliveries subscription={subscription} />}</WebhookPage>;
}

function Deliveries({ subscription: { tenantId, id } }: { subscription: Subscription }) {
  const t = useTexts(deliveryTexts);
  const filters = useFilters(FILTERS);
  const found = useDeliveries(tenantId, id, { ...filters.values, cursor: filters.cursor });
  const { items, nextCursor, come, gone, showLatest } = useLiveList(
    JSON.stringify([id, filters.values, filters.cursor]),
    found.isPlaceholderData ? undefined : found.data,
  );
  const mayChange = useMayChange();
  const [selection, setSelection] = useState<ReadonlySet<string>>(new Set());
  const search = useSearch();
  const isEmpty = found.isSuccess && items.length === 0;
  return (
    <>
      {(filters.isFiltered || items.length > 0) && (
        <DeliveryFilters
          key={filters.clearings}
          filters={filters}
          shownTypes={items.map(({ eventType }) => eventType)}
        />
      )}
      {mayChange && (filters.isFiltered || items.length > 0) && (
        <SendAgain
          tenantId={tenantId}
          selected={selection}
          onSent={(sent) => setSelection((before) => before.difference(new Set([sent])))}
          rangeHref={`/tenants/${tenantId}/webhooks/${id}/replay${search === '' ? '' : `?${search}`}`}
        />
      )}
      {found.isError && <ErrorNote error={found.error} retry={found.refetch} />}
      {found.isPending && <Loading />}
      {filters.cursor === null && <News come={come} gone={gone} onShow={showLatest} />}
      {isEmpty && !filters.isFiltered && filters.cursor === null && (
        <Empty title={t.empty}>
          <p>{t.emptyDetail}</p>
        </Empty>
      )}
      {isEmpty && (filters.isFiltered || filters.cursor !== null) && (
        <Empty title={nextCursor === null ? t.noneFound : t.noneFoundYet}>
          <Button onClick={filters.clear}>{t.clear}</Button>
        </Empty>
      )}
      {items.length > 0 && (
        <DeliveryTable deliveries={items} selection={mayChange ? selection : null} onSelect={setSelection} />
      )}
      <Paging nextCursor={nextCursor} />
    </>
  );
}

interface DeliveryFiltersProps {
  filters: Filters<(typeof FILTERS)[number]>;
  /** Of what is shown: types that are not declared can be chosen, too. */
  shownTypes: readonly string[];
}

function DeliveryFilters({ filters: { values, set }, shownTypes }: DeliveryFiltersProps) {
  const t = useTexts(deliveryTexts);
  const eventTypes = useEventTypes();
  const types = new Set([...(eventTypes.data ?? []).map(({ name }) => name), ...shownTypes]);
  return (
    <search className="filters many" aria-label={t.filters}>
      <FilterSelect
        label={t.outcome}
        all={t.all}
        value={values.status}
        options={STATUSES.map((status) => [status, t.statuses[status]])}
        onChange={(value) => set('status', value)}
      />
      <FilterSelect
        label={t.event}
        all={t.all}
        value={values.eventType}
        options={[...types].map((name) => [name, name])}
        onChange={(value) => set('eventType', value)}
      />
      <AnswerSelect value={values.responseStatus} onChange={(value) => set('responseStatus', value)} />
      <MomentField label={t.from} value={values.from} onChange={(at) => set('from', at)} />
      <MomentField label={t.to} value={values.to} onChange={(at) => set('to', at)} />
    </search>
  );
}
