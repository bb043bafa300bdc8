import { useState } from 'react';
import { useTenantChanges } from '../api/tenants.ts';
import type { Job } from '../api/types.ts';
import { Button } from '../components/button.tsx';
import { Confirm } from '../components/confirm.tsx';
import { Field } from '../components/field.tsx';
import { tenantsTexts } from '../texts/tenants.ts';
import { useTexts } from '../texts/texts.ts';

interface TenantRemovalProps {
  tenantId: string;
  /** The job that goes on; null if all is done. */
  onDone: (job: Job | null) => void;
}

/** Deleting a tenant, or erasing everything of it. Its id is typed first: neither can be undone. */
export function TenantRemoval({ tenantId, onDone }: TenantRemovalProps) {
  const t = useTexts(tenantsTexts);
  const { remove, erase } = useTenantChanges();
  const [asked, setAsked] = useState<'remove' | 'erase' | null>(null);
  const [typed, setTyped] = useState('');
  const [isTried, setTried] = useState(false);
  const [keepLog, setKeepLog] = useState(false);
  const close = () => {
    setTyped('');
    setTried(false);
    setAsked(null);
  };
  const done = (job: Job | undefined) => {
    close();
    onDone(job ?? null);
  };
  const confirm = () => {
    setTried(true);
    if (typed !== tenantId) return;
    if (asked === 'remove') remove.mutate({ id: tenantId }, { onSuccess: done });
    else erase.mutate({ id: tenantId, keepLog }, { onSuccess: done });
  };
  const working = asked === 'remove' ? remove : erase;
  return (
    <section>
      <h2>{t.endTitle}</h2>
      <div className="card">
        <div className="card-head">
          <div>
            <h3>{t.remove}</h3>
            <p className="hint">{t.removeHint}</p>
          </div>
          <Button look="danger" onClick={() => setAsked('remove')}>
            {t.remove}
          </Button>
        </div>
      </div>
      <div className="card">
        <div className="card-head">
          <div>
            <h3>{t.erase}</h3>
            <p className="hint">{t.eraseHint}</p>
          </div>
          <Button look="danger" onClick={() => setAsked('erase')}>
            {t.erase}
          </Button>
        </div>
      </div>
      {asked !== null && (
        <Confirm
          title={asked === 'remove' ? t.removeTitle(tenantId) : t.eraseTitle(tenantId)}
          description={asked === 'remove' ? t.removeDetail : t.eraseDetail}
          action={asked === 'remove' ? t.remove : t.erase}
          look="danger"
          change={working}
          onConfirm={confirm}
          onClose={close}
        >
          {asked === 'erase' && (
            <label className="choice">
              <input type="checkbox" checked={keepLog} onChange={(event) => setKeepLog(event.target.checked)} />
              <span>
                {t.keepLog}
                <span className="quiet">{t.keepLogHint}</span>
              </span>
            </label>
          )}
          <Field label={t.typeId(tenantId)} error={isTried && typed !== tenantId ? t.typedWrong : undefined}>
            {(control) => (
              <input
                {...control}
                autoComplete="off"
                spellCheck={false}
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
              />
            )}
          </Field>
        </Confirm>
      )}
    </section>
  );
}
