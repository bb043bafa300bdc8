import { type ReactNode, useState } from 'react';
import { useSentRequest } from '../api/deliveries.ts';
import type { Delivery } from '../api/types.ts';
import { deliveryTexts } from '../texts/deliveries.ts';
import { deliveryPageTexts } from '../texts/delivery.ts';
import { useLanguage, useTexts } from '../texts/texts.ts';
import { webhookTexts } from '../texts/webhook.ts';
import { Code, JsonCode } from './code.tsx';
import { CopyButton } from './copy-button.tsx';
import { curlCommand } from './curl-command.ts';
import { ErrorNote } from './error-note.tsx';
import { Icon } from './icon.tsx';
import { Loading } from './loading.tsx';
import { StatusBadge } from './status-badge.tsx';
import { Time } from './time.tsx';

type Attempt = Delivery['attempts'][number];

interface AttemptProps {
  delivery: Delivery;
  attempt: Attempt;
  isOpenFirst: boolean;
}

/** One attempt of the timeline. What was sent is asked for when it is opened. */
export function AttemptDetails({ delivery, attempt, isOpenFirst }: AttemptProps) {
  const t = useTexts(deliveryPageTexts);
  const language = useLanguage();
  const [isOpen, setOpen] = useState(isOpenFirst);
  const { number, trigger, startedAt, durationMs, outcome } = attempt;
  return (
    <li className={`step step-${outcome === 'success' ? 'ok' : 'bad'}`}>
      <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span className="step-title">{t.attempt(number)}</span>
          <Outcome attempt={attempt} />
          <span className="quiet">
            <Time at={startedAt} /> · {t.milliseconds(new Intl.NumberFormat(language).format(Math.round(durationMs)))}
            {trigger !== 'automatic' && ` · ${t.triggers[trigger]}`}
          </span>
        </summary>
        {isOpen && (
          <div className="step-body">
            {outcome !== 'success' && (
              <p>
                {t.failures[outcome]}
                {attempt.error !== null && <span className="quiet under">{attempt.error.message}</span>}
              </p>
            )}
            <Sent delivery={delivery} number={number} />
            <Received response={attempt.response} />
          </div>
        )}
      </details>
    </li>
  );
}

function Outcome({ attempt: { outcome, response } }: { attempt: Attempt }) {
  const t = useTexts(deliveryPageTexts);
  const { outcomes } = useTexts(webhookTexts);
  const isOk = outcome === 'success';
  const words =
    response !== null ? t.answered(response.status) : outcome === 'interrupted' ? t.interrupted : outcomes[outcome];
  return <StatusBadge tone={isOk ? 'ok' : 'bad'}>{words}</StatusBadge>;
}

function Sent({ delivery: { tenantId, id }, number }: { delivery: Delivery; number: number }) {
  const t = useTexts(deliveryPageTexts);
  const sent = useSentRequest(tenantId, id, number);
  return (
    <Part
      title={t.request}
      actions={sent.data && <CopyButton text={curlCommand(sent.data)} what={t.curl} label={t.curl} />}
    >
      {sent.isPending && <Loading />}
      {sent.isError && <ErrorNote error={sent.error} retry={sent.refetch} />}
      {sent.data && (
        <>
          <p className="url">POST {sent.data.url}</p>
          <Headers headers={sent.data.headers} />
          <Code label={t.body} text={sent.data.body} />
          <p className="quiet proof">
            <Icon name={sent.data.proven ? 'ok' : 'warn'} />
            {sent.data.proven ? t.proven : t.unproven}
          </p>
        </>
      )}
    </Part>
  );
}

function Received({ response }: { response: Attempt['response'] }) {
  const t = useTexts(deliveryPageTexts);
  const { answered } = useTexts(deliveryTexts);
  if (response === null)
    return (
      <Part title={t.response}>
        <p className="quiet">{t.noResponse}</p>
      </Part>
    );
  const { status, headers, body, truncated } = response;
  return (
    <Part title={t.response}>
      <p className="url">{answered(String(status))}</p>
      <Headers headers={headers} />
      {body === '' ? <p className="quiet">{t.emptyBody}</p> : <JsonCode label={t.body} text={body} />}
      {truncated && <p className="quiet">{t.truncated}</p>}
    </Part>
  );
}

function Part({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className="part">
      <header>
        <h3>{title}</h3>
        {actions}
      </header>
      {children}
    </section>
  );
}

function Headers({ headers }: { headers: Record<string, string> }) {
  const t = useTexts(deliveryPageTexts);
  const rows = Object.entries(headers);
  if (rows.length === 0) return null;
  return (
    <table className="headers">
      <caption className="visually-hidden">{t.headers}</caption>
      <thead className="visually-hidden">
        <tr>
          <th scope="col">{t.header}</th>
          <th scope="col">{t.value}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
