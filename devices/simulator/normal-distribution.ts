/** The density of the standard normal distribution. */
export function normalDensity(deviation: number): number {
  return Math.exp(-0.5 * deviation * deviation) / Math.sqrt(2 * Math.PI);
}

/**
 * The deviation that a standard normal variable exceeds with the given probability (0 < p < 1), to about 0.0005: the rational
 * approximation 26.2.23 of Abramowitz and Stegun.
 */
export function exceededWithProbability(probability: number): number {
  if (probability > 0.5) return -exceededWithProbability(1 - probability);
  const t = Math.sqrt(-2 * Math.log(probability));
  const numerator = 2.515517 + t * (0.802853 + t * 0.010328);
  const denominator = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return t - numerator / denominator;
}
