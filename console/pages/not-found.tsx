import { ButtonLink } from '../components/button.tsx';
import { Empty } from '../components/empty.tsx';
import { Page } from '../components/page.tsx';
import { sharedTexts } from '../texts/shared.ts';
import { useTexts } from '../texts/texts.ts';

export function NotFoundPage() {
  const t = useTexts(sharedTexts);
  return (
    <Page title={t.notFound}>
      <Empty title={t.notFoundDetail}>
        <ButtonLink href="~/console">{t.toStart}</ButtonLink>
      </Empty>
    </Page>
  );
}
