import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { useApiKeyChanges, useApiKeys } from '../api/api-keys.ts';
import type { ApiKey } from '../api/types.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { Confirm } from '../components/confirm.tsx';
import { Empty } from '../components/empty.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Icon } from '../components/icon.tsx';
import { Loading } from '../components/loading.tsx';
import { Page } from '../components/page.tsx';
import { Paging } from '../components/paging.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { Time } from '../components/time.tsx';
import { useMayChange } from '../session/session.tsx';
import { keysTexts } from '../texts/keys.ts';
import { useTexts } from '../texts/texts.ts';

export function KeysPage() {
  const t = useTexts(keysTexts);
  const mayChange = useMayChange();
  const [params] = useSearchParams();
  const found = useApiKeys(params.get('cursor'));
  const keys = found.data?.data ?? [];
  return (
    <Page
      title={t.title}
      actions={
        mayChange && (
          <ButtonLink look="main" href="/keys/new">
            <Icon name="plus" />
            {t.add}
          </ButtonLink>
        )
      }
    >
      <p className="intro">{t.intro}</p>
      {found.isError && <ErrorNote error={found.error} retry={found.refetch} />}
      {found.isPending && <Loading />}
      {found.isSuccess && keys.length === 0 && (
        <Empty title={t.empty}>
          <p>{mayChange ? t.emptyDetail : t.emptyReadOnly}</p>
        </Empty>
      )}
      {keys.length > 0 && <KeyTable keys={keys} />}
      <Paging nextCursor={found.data?.nextCursor ?? null} />
    </Page>
  );
}

function KeyTable({ keys }: { keys: readonly ApiKey[] }) {
  const t = useTexts(keysTexts);
  const mayChange = useMayChange();
  const { revoke } = useApiKeyChanges();
  const [asked, setAsked] = useState<ApiKey | null>(null);
  const close = () => setAsked(null);
  return (
    <>
      <div className="table">
        <table>
          <thead>
            <tr>
              <th scope="col">{t.name}</th>
              <th scope="col">{t.role}</th>
              <th scope="col">{t.tenant}</th>
              <th scope="col" title={t.lastUsedHint}>
                {t.lastUsed}
              </th>
              <th scope="col">{t.ends}</th>
              {mayChange && (
                <th scope="col">
                  <span className="visually-hidden">{t.revoke}</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {keys.map((key) => (
              <tr key={key.id}>
                <th scope="row">
                  {key.name} <code className="url">{key.id}</code>
                </th>
                <td data-label={t.role}>{t.roles[key.role]}</td>
                <td data-label={t.tenant}>{key.tenantId ?? t.company}</td>
                <td data-label={t.lastUsed}>{key.lastUsedAt === null ? t.never : <Time at={key.lastUsedAt} />}</td>
                <td data-label={t.ends}>
                  <End at={key.expiresAt} />
                </td>
                {mayChange && (
                  <td className="end">
                    <Button look="danger" aria-label={t.revokeOne(key.name)} onClick={() => setAsked(key)}>
                      {t.revoke}
                    </Button>
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {asked !== null && (
        <Confirm
          title={t.revokeTitle(asked.name)}
          description={t.revokeDetail}
          action={t.revoke}
          look="danger"
          change={revoke}
          onConfirm={() => revoke.mutate(asked.id, { onSuccess: close })}
          onClose={close}
        />
      )}
    </>
  );
}

function End({ at }: { at: string | null }) {
  const t = useTexts(keysTexts);
  if (at === null) return t.noEnd;
  if (Date.parse(at) > Date.now()) return <Time at={at} />;
  return (
    <>
      <StatusBadge tone="pause">{t.ended}</StatusBadge> <Time at={at} />
    </>
  );
}
