import { useLocation } from 'wouter';
import { useEventTypeChanges } from '../api/event-types.ts';
import { Page } from '../components/page.tsx';
import { inputOf, NEW_EVENT_TYPE } from '../event-types/draft.ts';
import { EventTypeForm } from '../event-types/event-type-form.tsx';
import { eventTypesTexts } from '../texts/event-types.ts';
import { useTexts } from '../texts/texts.ts';

export function NewEventTypePage() {
  const t = useTexts(eventTypesTexts);
  const { create } = useEventTypeChanges();
  const [, navigate] = useLocation();
  return (
    <Page title={t.add}>
      <EventTypeForm
        first={NEW_EVENT_TYPE}
        isNew
        action={t.add}
        isBusy={create.isPending}
        error={create.error}
        onSubmit={(draft) =>
          create.mutate(inputOf(draft), {
            onSuccess: ({ name }) => navigate(`/event-types/${encodeURIComponent(name)}/settings`),
          })
        }
      />
    </Page>
  );
}
