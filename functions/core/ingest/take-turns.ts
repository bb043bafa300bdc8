/**
 * For fan-outs that run together: the first that pauses waits until those that never did have ended, so that one with
 * costly filters comes after those without. From then on they take turns.
 */
export function pausesUntilOthersAreDone(
  fanOuts: number,
  takeTurn: () => Promise<void>,
): () => { pause: () => Promise<void>; leave: () => void } {
  const othersDone = Promise.withResolvers<void>();
  let quick = fanOuts;
  return () => {
    let isQuick = true;
    const leave = () => {
      if (isQuick) quick -= 1;
      isQuick = false;
      if (quick === 0) othersDone.resolve();
    };
    const pause = async () => {
      leave();
      await othersDone.promise;
      await takeTurn();
    };
    return { pause, leave };
  };
}
