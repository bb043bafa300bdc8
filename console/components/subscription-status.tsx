import { shownStatus } from '../api/shown-status.ts';
import type { Subscription } from '../api/types.ts';
import { sharedTexts } from '../texts/shared.ts';
import { useTexts } from '../texts/texts.ts';
import { StatusBadge } from './status-badge.tsx';
import { useTimeFormat } from './time.tsx';

/** How a webhook is doing, in words. */
export function SubscriptionStatus({ subscription }: { subscription: Subscription }) {
  const t = useTexts(sharedTexts);
  const format = useTimeFormat();
  const { statusReason, health } = subscription;
  const status = shownStatus(subscription);
  if (status === 'expired') return <StatusBadge tone="idle">{t.statuses.expired}</StatusBadge>;
  if (status === 'disabled')
    return <StatusBadge tone="bad">{statusReason ? t.disabledBecause(statusReason) : t.statuses.disabled}</StatusBadge>;
  if (status === 'paused') return <StatusBadge tone="pause">{t.statuses.paused}</StatusBadge>;
  if (status === 'unverified') return <StatusBadge tone="warn">{t.statuses.unverified}</StatusBadge>;
  if (health.state === 'healthy' || health.since === null)
    return <StatusBadge tone="ok">{t.statuses.active}</StatusBadge>;
  if (health.state === 'breaker_open')
    return <StatusBadge tone="bad">{t.waitingSince(format(health.since))}</StatusBadge>;
  return <StatusBadge tone="warn">{t.failingSince(format(health.since))}</StatusBadge>;
}
