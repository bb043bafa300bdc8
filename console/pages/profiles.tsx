import { Link } from 'wouter';
import { useProfiles } from '../api/profiles.ts';
import { ButtonLink } from '../components/button.tsx';
import { ErrorNote } from '../components/error-note.tsx';
import { Icon } from '../components/icon.tsx';
import { Loading } from '../components/loading.tsx';
import { Page } from '../components/page.tsx';
import { Time } from '../components/time.tsx';
import { useMayChange } from '../session/session.tsx';
import { profilesTexts } from '../texts/profiles.ts';
import { useTexts } from '../texts/texts.ts';

export function ProfilesPage() {
  const t = useTexts(profilesTexts);
  const mayChange = useMayChange();
  const found = useProfiles();
  return (
    <Page
      title={t.title}
      actions={
        mayChange && (
          <ButtonLink look="main" href="/new-profile?from=standard">
            <Icon name="plus" />
            {t.add}
          </ButtonLink>
        )
      }
    >
      <p className="intro">{t.intro}</p>
      {found.isError && <ErrorNote error={found.error} retry={found.refetch} />}
      {found.isPending && <Loading />}
      {found.data && (
        <div className="table">
          <table>
            <thead>
              <tr>
                <th scope="col">{t.name}</th>
                <th scope="col">{t.description}</th>
                <th scope="col">{t.kind}</th>
                <th scope="col" className="number">
                  {t.version}
                </th>
                <th scope="col">{t.changed}</th>
              </tr>
            </thead>
            <tbody>
              {found.data.map(({ name, version, builtIn, document, updatedAt }) => (
                <tr key={name}>
                  <th scope="row">
                    <Link href={`/profiles/${name}`}>{name}</Link>
                  </th>
                  <td data-label={t.description}>{document.description || '–'}</td>
                  <td data-label={t.kind}>{builtIn ? t.builtIn : t.own}</td>
                  <td className="number" data-label={t.version}>
                    {version}
                  </td>
                  <td data-label={t.changed}>{updatedAt === null ? '–' : <Time at={updatedAt} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Page>
  );
}
