import { useState } from 'react';
import { Link, useParams } from 'wouter';
import { ApiProblem } from '../api/client.ts';
import { etagToSave } from '../api/etag-to-save.ts';
import { useEventType, useEventTypeChanges } from '../api/event-types.ts';
import type { EventType } from '../api/types.ts';
import { Button } from '../components/button.tsx';
import { Confirm } from '../components/confirm.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Loading } from '../components/loading.tsx';
import { Page } from '../components/page.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { draftOf, patchOf } from '../event-types/draft.ts';
import { EventTypeForm } from '../event-types/event-type-form.tsx';
import { useMayChange } from '../session/session.tsx';
import { eventTypesTexts } from '../texts/event-types.ts';
import { useTexts } from '../texts/texts.ts';

type Tagged = EventType & { etag: string | null };

export function EventTypePage() {
  const t = useTexts(eventTypesTexts);
  const { name = '' } = useParams();
  const found = useEventType(name);
  const mayChange = useMayChange();
  return (
    <>
      <Link href="/event-types" className="back">
        ← {t.back}
      </Link>
      {found.data === undefined &&
        (found.isError ? <ErrorNote error={found.error} retry={found.refetch} /> : <Loading />)}
      {found.data !== undefined && (
        <Page title={name} actions={mayChange && <Archive type={found.data} />}>
          <p className="under-title">
            {found.data.archived ? (
              <StatusBadge tone="pause">{t.archived}</StatusBadge>
            ) : (
              <StatusBadge tone="ok">{t.inUse}</StatusBadge>
            )}
          </p>
          <Edit key={name} current={found.data} />
        </Page>
      )}
    </>
  );
}

/** Works on it as it was when the page opened, so that what is typed is never replaced from behind. */
function Edit({ current }: { current: Tagged }) {
  const t = useTexts(eventTypesTexts);
  const mayChange = useMayChange();
  const { update } = useEventTypeChanges();
  const [before, setBefore] = useState(current);
  const isOutdated = update.error instanceof ApiProblem && update.error.problem.code === 'precondition_failed';
  return (
    <fieldset className="plain under-title" disabled={!mayChange}>
      <EventTypeForm
        first={draftOf(before)}
        isNew={false}
        action={t.save}
        isBusy={update.isPending}
        error={isOutdated ? null : update.error}
        onSubmit={(draft) =>
          update.mutate(
            { name: before.name, patch: patchOf(draft, before), etag: etagToSave(before, current, draftOf) },
            { onSuccess: setBefore },
          )
        }
      />
      <div role="status">
        {update.isSuccess && <StatusBadge tone="ok">{t.saved}</StatusBadge>}
        {isOutdated && <StatusBadge tone="bad">{t.changedMeanwhile}</StatusBadge>}
      </div>
    </fieldset>
  );
}

function Archive({ type: { name, archived } }: { type: EventType }) {
  const t = useTexts(eventTypesTexts);
  const { update } = useEventTypeChanges();
  const [isAsked, setAsked] = useState(false);
  const set = (next: boolean) =>
    update.mutate({ name, patch: { archived: next }, etag: null }, { onSuccess: () => setAsked(false) });
  if (archived)
    return (
      <Button isBusy={update.isPending} onClick={() => set(false)}>
        {t.restore}
      </Button>
    );
  return (
    <>
      <Button onClick={() => setAsked(true)}>{t.archive}</Button>
      {isAsked && (
        <Confirm
          title={t.archiveTitle(name)}
          description={t.archiveDetail}
          action={t.archive}
          change={update}
          onConfirm={() => set(true)}
          onClose={() => setAsked(false)}
        />
      )}
    </>
  );
}
