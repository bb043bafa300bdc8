import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { useEventTypes } from '../api/event-types.ts';
import { useSubscriptions } from '../api/subscriptions.ts';
import type { Subscription } from '../api/types.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { Empty } from '../components/empty.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Icon } from '../components/icon.tsx';
import { Loading } from '../components/loading.tsx';
import { Page } from '../components/page.tsx';
import { Paging } from '../components/paging.tsx';
import { SearchField } from '../components/search-field.tsx';
import { Sparkline } from '../components/sparkline.tsx';
import { SubscriptionStatus } from '../components/subscription-status.tsx';
import { useMayChange } from '../session/session.tsx';
import { useTenantId } from '../session/tenant.ts';
import { sharedTexts } from '../texts/shared.ts';
import { useTexts } from '../texts/texts.ts';
import { webhooksTexts } from '../texts/webhooks.ts';

const FILTERS = ['search', 'status', 'environment', 'eventType'] as const;

export function WebhooksPage() {
  const t = useTexts(webhooksTexts);
  const tenantId = useTenantId();
  const mayChange = useMayChange();
  const [params, setParams] = useSearchParams();
  const [clearings, setClearings] = useState(0);
  const found = useSubscriptions(tenantId, {
    search: params.get('search'),
    status: params.get('status'),
    environment: params.get('environment'),
    eventType: params.get('eventType'),
    cursor: params.get('cursor'),
  });
  const isFiltered = FILTERS.some((name) => params.has(name));
  const webhooks = found.data?.data ?? [];
  return (
    <Page
      title={t.title}
      actions={
        mayChange && (
          <ButtonLink look="main" href={`/tenants/${tenantId}/webhooks/new`}>
            <Icon name="plus" />
            {t.add}
          </ButtonLink>
        )
      }
    >
      {(isFiltered || webhooks.length > 0) && <Filters key={clearings} />}
      {found.isError && <ErrorNote error={found.error} retry={found.refetch} />}
      {found.isPending && <Loading />}
      {found.isSuccess && webhooks.length === 0 && !isFiltered && (
        <Empty title={t.empty}>
          <p>{mayChange ? t.emptyDetail : t.emptyReadOnly}</p>
        </Empty>
      )}
      {found.isSuccess && webhooks.length === 0 && isFiltered && (
        <Empty title={t.noneFound}>
          <Button
            onClick={() => {
              setParams({});
              setClearings(clearings + 1);
            }}
          >
            {t.clear}
          </Button>
        </Empty>
      )}
      {webhooks.length > 0 && <WebhookTable webhooks={webhooks} />}
      <Paging nextCursor={found.data?.nextCursor ?? null} />
    </Page>
  );
}

function WebhookTable({ webhooks }: { webhooks: readonly Subscription[] }) {
  const t = useTexts(webhooksTexts);
  const shared = useTexts(sharedTexts);
  return (
    <div className="table">
      <table>
        <thead>
          <tr>
            <th scope="col">{t.webhook}</th>
            <th scope="col">{t.status}</th>
            <th scope="col">{t.events}</th>
            <th scope="col">{t.environment}</th>
            <th scope="col">{t.day}</th>
          </tr>
        </thead>
        <tbody>
          {webhooks.map((one) => (
            <tr key={one.id}>
              <th scope="row">
                <Link href={`/tenants/${one.tenantId}/webhooks/${one.id}`}>{one.name ?? one.url}</Link>
                {one.name !== null && <span className="url">{one.url}</span>}
              </th>
              <td data-label={t.status}>
                <SubscriptionStatus subscription={one} />
              </td>
              <td data-label={t.events} title={one.eventTypes.join(', ')}>
                {eventsOf(one.eventTypes, t)}
              </td>
              <td data-label={t.environment}>{shared.environments[one.environment]}</td>
              <td data-label={t.day}>
                <Sparkline tenantId={one.tenantId} id={one.id} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function eventsOf(
  eventTypes: readonly string[],
  t: { allEvents: string; eventCount: (count: number) => string },
): string {
  if (eventTypes.includes('*')) return t.allEvents;
  return eventTypes.length <= 2 ? eventTypes.join(', ') : t.eventCount(eventTypes.length);
}

/** Each choice stands in the address bar, and leads back to the first page. */
function Filters() {
  const t = useTexts(webhooksTexts);
  const shared = useTexts(sharedTexts);
  const eventTypes = useEventTypes();
  const [params, setParams] = useSearchParams();
  const set = (name: (typeof FILTERS)[number], value: string) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        next.delete('cursor');
        if (value === '') next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  const select = (name: (typeof FILTERS)[number], label: string, options: readonly (readonly [string, string])[]) => (
    <label>
      {label}
      <select value={params.get(name) ?? ''} onChange={(event) => set(name, event.target.value)}>
        <option value="">{t.all}</option>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <search className="filters many">
      <SearchField label={t.search} value={params.get('search') ?? ''} onChange={(text) => set('search', text)} />
      {select('status', t.status, Object.entries(shared.statuses))}
      {select('environment', t.environment, Object.entries(shared.environments))}
      {select('eventType', t.event, [
        ['*', t.allEvents],
        ...(eventTypes.data ?? []).map(({ name }) => [name, name] as const),
      ])}
    </search>
  );
}
