export const FAULT_KINDS = [
  /** An accepted event without its arrival, or a recorded and explained end, at a subscription that should have it. */
  'lost',
  /** Not at an end though nothing is left that would bring it there. */
  'stuck',
  /** An automatic attempt before its time. */
  'early',
  'recorded_twice',
  /** On record, and no receiver saw it. */
  'phantom',
  'effects_undone',
  /** A request that is not on record, with nothing that explains it: a kill, a doubled message, a second fan-out, a refused write. */
  'repeated_without_cause',
  /** A counter of the statistics that the journal does not bear out, by more than a crash explains. */
  'counted_wrong',
  /** A subscription's health that its attempts do not bear out. */
  'health_wrong',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Finding {
  kind: FaultKind;
  /** Of the delivery, subscription, event or queue. */
  id: string;
  message: string;
}

export type Report = (kind: FaultKind, id: string, message: string) => void;
