/**
 * Bounds a computation over data that others chose: so many steps, and no more. Steps rather than time, so that the same
 * data has the same outcome on every machine and in every run.
 */
export class StepBudget {
  readonly limit: number;
  private taken = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Takes `steps`, also past the limit: the computation looks at `isSpent` before it continues. */
  spend(steps: number): void {
    this.taken += steps;
  }

  get spent(): number {
    return this.taken;
  }

  /** How much may still be taken. */
  get left(): number {
    return Math.max(0, this.limit - this.taken);
  }

  /** True once more has been taken than there was. */
  get isSpent(): boolean {
    return this.taken > this.limit;
  }
}
