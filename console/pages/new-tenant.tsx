import { useMutation } from '@tanstack/react-query';
import { Link, useLocation } from 'wouter';
import { ApiProblem, path } from '../api/client.ts';
import { useTenantChanges } from '../api/tenants.ts';
import type { Tenant, TenantInput } from '../api/types.ts';
import { Page } from '../components/page.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { useApi } from '../session/session.tsx';
import { TenantForm } from '../tenant/tenant-form.tsx';
import { tenantsTexts } from '../texts/tenants.ts';
import { useTexts } from '../texts/texts.ts';

export function NewTenantPage() {
  const t = useTexts(tenantsTexts);
  const api = useApi();
  const [, navigate] = useLocation();
  const { save } = useTenantChanges();
  // PUT would replace one that is there, so that is looked for first.
  const create = useMutation({
    mutationFn: async ({ id, input }: { id: string; input: TenantInput }) => {
      const known = await api.get<Tenant>(path`/v1/tenants/${id}`).catch((error: unknown) => {
        if (error instanceof ApiProblem && error.problem.status === 404) return null;
        throw error;
      });
      if (known !== null) return { exists: id };
      await save.mutateAsync({ id, input, etag: null });
      return { exists: null };
    },
  });
  const exists = create.data?.exists ?? null;
  return (
    <Page title={t.newTitle}>
      <TenantForm
        tenant={null}
        action={t.add}
        isBusy={create.isPending}
        error={create.error}
        onSubmit={(id, input) =>
          // Whoever has gone elsewhere meanwhile stays there.
          create.mutate({ id, input }, { onSuccess: ({ exists }) => exists ?? navigate(`/tenants/${id}/settings`) })
        }
      />
      <div role="status">
        {exists !== null && (
          <p className="under-form">
            <StatusBadge tone="warn">{t.exists}</StatusBadge>{' '}
            <Link href={`/tenants/${exists}/settings`}>{t.openExisting}</Link>
          </p>
        )}
      </div>
    </Page>
  );
}
