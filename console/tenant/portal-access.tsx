import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { usePortalTokenChanges, usePortalTokens } from '../api/tenants.ts';
import type { PortalToken } from '../api/types.ts';
import { Button } from '../components/button.tsx';
import { Code } from '../components/code.tsx';
import { Confirm } from '../components/confirm.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Field, FieldGroup } from '../components/field.tsx';
import { Icon } from '../components/icon.tsx';
import { Paging } from '../components/paging.tsx';
import { Time } from '../components/time.tsx';
import { useMayChange } from '../session/session.tsx';
import { portalAccessTexts } from '../texts/portal-access.ts';
import { useTexts } from '../texts/texts.ts';

const DAYS = [1, 7, 30] as const;
const DAY_SECONDS = 86_400;

/** Links by which a customer opens its own webhooks, and those that still count. */
export function PortalAccess({ tenantId }: { tenantId: string }) {
  const t = useTexts(portalAccessTexts);
  const mayChange = useMayChange();
  return (
    <section>
      <h2>{t.title}</h2>
      <p className="hint">{t.intro}</p>
      {mayChange && <NewLink tenantId={tenantId} />}
      <Tokens tenantId={tenantId} />
    </section>
  );
}

function NewLink({ tenantId }: { tenantId: string }) {
  const t = useTexts(portalAccessTexts);
  const { create } = usePortalTokenChanges(tenantId);
  const [readOnly, setReadOnly] = useState(false);
  const [days, setDays] = useState<(typeof DAYS)[number]>(7);
  // The fragment reaches no server.
  const link = create.data && `${location.origin}/console#token=${create.data.token}`;
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate({ readOnly, expiresInSeconds: days * DAY_SECONDS });
      }}
    >
      <FieldGroup label={t.role}>
        {[false, true].map((one) => (
          <label key={String(one)} className="choice">
            <input type="radio" name="role" checked={readOnly === one} onChange={() => setReadOnly(one)} />
            <span>{one ? t.reads : t.changes}</span>
          </label>
        ))}
      </FieldGroup>
      <Field label={t.lifetime}>
        {(control) => (
          <select
            {...control}
            className="short"
            value={days}
            onChange={(event) => setDays(DAYS.find((one) => String(one) === event.target.value) ?? 7)}
          >
            {DAYS.map((one) => (
              <option key={one} value={one}>
                {t.days(one)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {create.isError && <ErrorNote error={create.error} />}
      <div className="actions">
        <Button type="submit" look="main" isBusy={create.isPending}>
          {t.make}
        </Button>
      </div>
      <div role="status" className="plain">
        {link !== undefined && (
          <>
            <p>{t.once}</p>
            <Code label={t.link} text={link} />
            <div className="actions">
              <a className="button button-plain" href={link} target="_blank" rel="noopener noreferrer">
                <Icon name="external" />
                {t.open}
              </a>
            </div>
          </>
        )}
      </div>
    </form>
  );
}

function Tokens({ tenantId }: { tenantId: string }) {
  const t = useTexts(portalAccessTexts);
  const mayChange = useMayChange();
  const cursor = useSearchParams()[0].get('cursor');
  const tokens = usePortalTokens(tenantId, cursor);
  const { revoke } = usePortalTokenChanges(tenantId);
  const [asked, setAsked] = useState<PortalToken | null>(null);
  const close = () => setAsked(null);
  if (tokens.isError) return <ErrorNote error={tokens.error} retry={tokens.refetch} />;
  if (tokens.data === undefined || (tokens.data.data.length === 0 && cursor === null)) return null;
  return (
    <>
      <h3 className="above-table">{t.counting}</h3>
      <div className="table">
        <table>
          <thead>
            <tr>
              <th scope="col">{t.token}</th>
              <th scope="col">{t.role}</th>
              <th scope="col">{t.made}</th>
              <th scope="col">{t.ends}</th>
              {mayChange && (
                <th scope="col">
                  <span className="visually-hidden">{t.revoke}</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {tokens.data.data.map((token) => (
              <tr key={token.id}>
                <th scope="row">
                  <code>{token.id}</code>
                </th>
                <td data-label={t.role}>{token.readOnly ? t.reads : t.changes}</td>
                <td data-label={t.made}>
                  <Time at={token.createdAt} />
                </td>
                <td data-label={t.ends}>
                  <Time at={token.expiresAt} />
                </td>
                {mayChange && (
                  <td className="end">
                    <Button look="danger" aria-label={t.revokeOne(token.id)} onClick={() => setAsked(token)}>
                      {t.revoke}
                    </Button>
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Paging nextCursor={tokens.data.nextCursor} />
      {asked !== null && (
        <Confirm
          title={t.revokeTitle}
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
