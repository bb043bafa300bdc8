import { useState } from 'react';
import { useEventTypeChanges, useEventTypePacks } from '../api/event-types.ts';
import { Button } from '../components/button.tsx';
import { Confirm } from '../components/confirm.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { FieldGroup } from '../components/field.tsx';
import { Loading } from '../components/loading.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { eventTypesTexts } from '../texts/event-types.ts';
import { useTexts } from '../texts/texts.ts';

/** A button that asks which of a vendor's packs is to be loaded, and says what came of it. */
export function LoadPack() {
  const t = useTexts(eventTypesTexts);
  const [isAsked, setAsked] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  const packs = useEventTypePacks();
  const { load } = useEventTypeChanges();
  const name = chosen ?? packs.data?.[0]?.name;
  return (
    <>
      <div role="status">
        {load.data && (
          <StatusBadge tone="ok">{t.loaded(load.data.created, load.data.changed, load.data.unchanged)}</StatusBadge>
        )}
      </div>
      <Button onClick={() => setAsked(true)}>{t.loadPack}</Button>
      {isAsked && (
        <Confirm
          title={t.packTitle}
          description={t.packDetail}
          action={t.load}
          change={load}
          onConfirm={() => name !== undefined && load.mutate(name, { onSuccess: () => setAsked(false) })}
          onClose={() => setAsked(false)}
        >
          {packs.isError && <ErrorNote error={packs.error} retry={packs.refetch} />}
          {packs.isPending && <Loading />}
          <FieldGroup label={t.pack}>
            {packs.data?.map((pack) => (
              <label key={pack.name} className="choice">
                <input type="radio" name="pack" checked={pack.name === name} onChange={() => setChosen(pack.name)} />
                <span>
                  {pack.title} · {t.packCount(pack.eventTypes)}
                  <span className="quiet">{pack.description}</span>
                </span>
              </label>
            ))}
          </FieldGroup>
        </Confirm>
      )}
    </>
  );
}
