import { useState } from 'react';
import { Link, useLocation, useParams } from 'wouter';
import { ApiProblem } from '../api/client.ts';
import { useProfile, useProfileChanges } from '../api/profiles.ts';
import type { Profile } from '../api/types.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { JsonCode } from '../components/code.tsx';
import { Confirm } from '../components/confirm.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Loading } from '../components/loading.tsx';
import { Page } from '../components/page.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { writeJson } from '../json/read-json.ts';
import { ProfileEditor, ProfilePreview } from '../profiles/profile-editor.tsx';
import { useMayChange } from '../session/session.tsx';
import { profilesTexts } from '../texts/profiles.ts';
import { useTexts } from '../texts/texts.ts';

type Tagged = Profile & { etag: string | null };

export function ProfilePage() {
  const t = useTexts(profilesTexts);
  const { name = '' } = useParams();
  const found = useProfile(name);
  const mayChange = useMayChange();
  return (
    <>
      <Link href="/profiles" className="back">
        ← {t.back}
      </Link>
      {found.data === undefined &&
        (found.isError ? <ErrorNote error={found.error} retry={found.refetch} /> : <Loading />)}
      {found.data !== undefined && (
        <Page title={name} actions={mayChange && <Actions profile={found.data} />}>
          <p className="intro">{found.data.document.description}</p>
          {found.data.builtIn || !mayChange ? (
            <>
              {found.data.builtIn && <p className="hint">{t.builtInHint}</p>}
              <div className="side-by-side">
                <JsonCode label={t.document} text={JSON.stringify(found.data.document)} />
                <ProfilePreview name={name} />
              </div>
            </>
          ) : (
            <Edit key={name} current={found.data} />
          )}
        </Page>
      )}
    </>
  );
}

/** Works on it as it was when the page opened, so that what is typed is never replaced from behind. */
function Edit({ current }: { current: Tagged }) {
  const t = useTexts(profilesTexts);
  const { replace } = useProfileChanges();
  const [before, setBefore] = useState(current);
  const isOutdated = replace.error instanceof ApiProblem && replace.error.problem.code === 'precondition_failed';
  return (
    <>
      <div role="status">
        {replace.isSuccess && <StatusBadge tone="ok">{t.saved(before.version)}</StatusBadge>}
        {isOutdated && <StatusBadge tone="bad">{t.changedMeanwhile}</StatusBadge>}
      </div>
      <ProfileEditor
        first={writeJson(before.document)}
        action={t.save}
        isBusy={replace.isPending}
        error={isOutdated ? null : replace.error}
        onSave={(document) =>
          replace.mutate({ name: before.name, document, etag: before.etag }, { onSuccess: setBefore })
        }
      />
    </>
  );
}

function Actions({ profile: { name, builtIn } }: { profile: Profile }) {
  const t = useTexts(profilesTexts);
  const { remove } = useProfileChanges();
  const [, navigate] = useLocation();
  const [isAsked, setAsked] = useState(false);
  return (
    <>
      <ButtonLink href={`/new-profile?from=${name}`}>{t.copy}</ButtonLink>
      {!builtIn && (
        <Button look="danger" onClick={() => setAsked(true)}>
          {t.remove}
        </Button>
      )}
      {isAsked && (
        <Confirm
          title={t.removeTitle(name)}
          description={t.removeDetail}
          action={t.remove}
          look="danger"
          change={remove}
          onConfirm={() => remove.mutate(name, { onSuccess: () => navigate('/profiles') })}
          onClose={() => setAsked(false)}
        />
      )}
    </>
  );
}
