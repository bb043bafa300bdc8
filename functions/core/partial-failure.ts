/** Of many things that were done together, some could not be done. All others were. `cause` says why the first failed. */
export class PartialFailure<T> extends Error {
  readonly code = 'partial_failure';
  /** In their order. The effect of one may have happened all the same, if only its answer was lost. */
  readonly undone: readonly T[];

  constructor(undone: readonly T[], outOf: number, cause: unknown) {
    super(`${undone.length} of ${outOf} could not be done: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
    this.undone = undone;
  }
}

/** Which of the things were not done, by the error that doing them ended with: all, unless the error names them. */
export function undoneOf<T>(error: unknown, things: readonly T[]): T[] {
  return error instanceof PartialFailure ? things.filter((thing) => error.undone.includes(thing)) : [...things];
}
