/** Asks for a drawing: in the next frame, but not sooner than `leastMillis` after the one before. */
export function createScheduler(draw: () => void, leastMillis: number): () => void {
  let isWaiting = false;
  let drawnMillis = Number.NEGATIVE_INFINITY;
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    const waitMillis = Math.max(0, drawnMillis + leastMillis - performance.now());
    setTimeout(() => {
      requestAnimationFrame(() => {
        isWaiting = false;
        drawnMillis = performance.now();
        draw();
      });
    }, waitMillis);
  };
}
