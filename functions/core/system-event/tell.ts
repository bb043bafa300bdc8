import { type CountPorts, countSystemEvent } from './counted.ts';
import { emitSystemEvent, type SystemEventPorts } from './emit.ts';
import type { OwedSystemEvent } from './system-event.ts';

export type TellPorts = SystemEventPorts & CountPorts;

/** Tells the company, without delay or once a minute. Done twice, it is told once. */
export function tellCompany(ports: TellPorts, owed: OwedSystemEvent): Promise<void> {
  const { event } = owed;
  switch (event.type) {
    case 'posthorn.delivery.exhausted':
    case 'posthorn.event.rejected':
      return countSystemEvent(ports, { ...owed, event });
    default:
      return emitSystemEvent(ports, owed);
  }
}
