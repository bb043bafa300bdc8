import { Link, useLocation, useSearchParams } from 'wouter';
import { useProfile, useProfileChanges } from '../api/profiles.ts';
import { ErrorNote } from '../components/error-note.tsx';
import { Loading } from '../components/loading.tsx';
import { Page } from '../components/page.tsx';
import { writeJson } from '../json/read-json.ts';
import { ProfileEditor } from '../profiles/profile-editor.tsx';
import { profilesTexts } from '../texts/profiles.ts';
import { useTexts } from '../texts/texts.ts';

/** Begins with another one: none is written from nothing. */
export function NewProfilePage() {
  const t = useTexts(profilesTexts);
  const [params] = useSearchParams();
  const from = params.get('from') ?? 'standard';
  const found = useProfile(from);
  const { create } = useProfileChanges();
  const [, navigate] = useLocation();
  return (
    <>
      <Link href="/profiles" className="back">
        ← {t.back}
      </Link>
      <Page title={t.add}>
        <p className="intro">
          {t.from} <Link href={`/profiles/${from}`}>{from}</Link>
        </p>
        {found.isError && <ErrorNote error={found.error} retry={found.refetch} />}
        {found.isPending && <Loading />}
        {found.data && (
          <ProfileEditor
            key={from}
            first={writeJson({ ...found.data.document, name: `${from.slice(0, 58)}-copy` })}
            action={t.create}
            isBusy={create.isPending}
            error={create.error}
            onSave={(document) => create.mutate(document, { onSuccess: ({ name }) => navigate(`/profiles/${name}`) })}
          />
        )}
      </Page>
    </>
  );
}
