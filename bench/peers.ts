/**
 * What others did on 25 Nov 2026 on a machine of two cores: one system at a time, the same publisher, receiver and bodies of 0.5 KB,
 * medians of three runs. Null: that system has no such way in.
 */
export interface OneMachineFigures {
  /** Deliveries a second: events from the queue in batches of 10, single HTTP publishes, and HTTP publishes that each fan out to 10. */
  queue: number | null;
  http: number;
  fanOut: number;
  /** Publish to arrival at 100 HTTP publishes a second. */
  p50Ms: number;
  p99Ms: number;
  /** CPU of all its processes, its stores included, for 1,000 deliveries of single HTTP publishes. */
  saturatedCpuSeconds: number;
  pacedCpuSeconds: number;
  /** All processes. */
  memoryMb: number;
}

export const PEERS: Record<string, OneMachineFigures> = {
  'Svix 1.100': {
    queue: null,
    http: 918,
    fanOut: 2_957,
    p50Ms: 2.6,
    p99Ms: 6.9,
    saturatedCpuSeconds: 0.9,
    pacedCpuSeconds: 1.8,
    memoryMb: 410,
  },
  'Outpost 1.2': {
    queue: 1_862,
    http: 1_802,
    fanOut: 2_711,
    p50Ms: 29,
    p99Ms: 54,
    saturatedCpuSeconds: 0.6,
    pacedCpuSeconds: 1.7,
    memoryMb: 510,
  },
};
