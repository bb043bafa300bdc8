import { deliveryId } from '../../functions/core/ids.ts';
import { type CampaignRecord, systemTime } from './campaign-record.ts';
import type { Verdict } from './check-campaign.ts';

/** Deliveries whose timelines are shown. */
const SHOWN = 5;

/** For who looks for the causes of what was found: the timelines of the first deliveries that it is about. */
export function describeTimelines(record: CampaignRecord, { findings }: Verdict): string[] {
  const deliveries = new Set(findings.map(({ id }) => id).filter((id) => id.startsWith('dlv_')));
  return [...deliveries].slice(0, SHOWN).map((id) => describeTimeline(record, id));
}

/** All that is known of one delivery, in its order. Times are of the system's clock, after its event was accepted. */
function describeTimeline(record: CampaignRecord, id: string): string {
  const delivery = record.deliveries.find((one) => deliveryId(one) === id);
  if (delivery === undefined) return `${id}: no such delivery`;
  const at = (machineTime: number) => systemTime(record, machineTime);
  const requests = record.requests.filter((one) => one.deliveryId === id);
  const mark = requests[0]?.eventMark ?? '';
  const publications = record.publications.filter((one) => one.mark === mark);
  const history = record.subscriptions.find((one) => one.id === delivery.subscriptionId);
  const spans = (['pauses', 'resumes', 'moves', 'discards'] as const).flatMap((kind) =>
    (history?.[kind] ?? []).map((span) => ({ ...span, what: kind })),
  );
  const commands = record.commands.filter((one) => one.deliveryId === id).map((one) => ({ ...one, what: one.kind }));
  const lines = [
    { at: delivery.eventAt, what: 'its event was accepted' },
    ...publications.map(({ startedAt }) => ({ at: at(startedAt), what: 'published' })),
    ...requests.map((one) => ({ at: at(one.at), what: `request ${one.number} (${one.mark}): ${one.status}` })),
    ...delivery.attempts.map((one) => ({
      at: one.startedAt,
      what: `attempt ${one.number}, ${one.trigger}: ${one.outcome}, after ${one.durationMs} ms`,
    })),
    ...[...commands, ...spans].map(({ what, startedAt, endedAt }) => ({
      at: at(startedAt),
      what: `${what}, ${endedAt === null ? 'not answered' : `answered after ${endedAt - startedAt} ms`}`,
    })),
    ...(record.refusedWrites.get(id) ?? []).map((refusedAt) => ({ at: at(refusedAt), what: 'a write was refused' })),
    ...record.kills.map((killedAt) => ({ at: at(killedAt), what: 'the functions were killed' })),
  ].sort((one, other) => one.at - other.at);
  const { status, requested, revision, ticket, dueAt, replayedBy } = delivery;
  const isDoubled = record.doubled.has(id) || record.doubled.has(mark);
  const head = { status, requested, revision, ticket, dueAt, replayedBy, mark, isDoubled };
  return [
    `${id} ${JSON.stringify(head)}`,
    ...lines.map((line) => `  ${line.at - delivery.eventAt} ms  ${line.what}`),
  ].join('\n');
}
