import { createRandom } from './random.ts';

/** The shape of a random field over the map. Wavelengths in km, speeds in km/h. */
export interface FieldShape {
  readonly waves: number;
  readonly minWavelengthKm: number;
  readonly maxWavelengthKm: number;
  readonly minSpeedKmPerHour: number;
  readonly maxSpeedKmPerHour: number;
}

interface Wave {
  /** Radians per km eastward and northward, and per hour. */
  readonly east: number;
  readonly north: number;
  readonly perHour: number;
  readonly phase: number;
}

/** The field at one place and time: both numbers have mean 0 and variance 1 over a long time. */
export interface FieldSample {
  readonly value: number;
  /** How fast the value changes with time, in units of its own standard deviation. */
  readonly tendency: number;
}

/**
 * A stationary random field, correlated in space and time, that moves with the westerlies: a sum of plane waves with random
 * wavelength, heading (within 60° of east), speed and phase. Unlike an Ornstein-Uhlenbeck walk it needs no state, so the weather at
 * any instant is the same whether the simulator ran until then or was started then.
 */
export interface Field {
  at(eastKm: number, northKm: number, hours: number): FieldSample;
}

export function createField(shape: FieldShape, seed: number): Field {
  const waves = drawWaves(shape, seed);
  const amplitude = Math.sqrt(2 / waves.length);
  const tendencyScale = Math.sqrt(waves.reduce((sum, wave) => sum + wave.perHour ** 2, 0) / waves.length);
  return {
    at(eastKm, northKm, hours) {
      let value = 0;
      let tendency = 0;
      for (const wave of waves) {
        const angle = wave.east * eastKm + wave.north * northKm - wave.perHour * hours + wave.phase;
        value += Math.cos(angle);
        tendency += wave.perHour * Math.sin(angle);
      }
      return { value: amplitude * value, tendency: (amplitude * tendency) / tendencyScale };
    },
  };
}

function drawWaves(shape: FieldShape, seed: number): Wave[] {
  const random = createRandom(seed);
  const between = (low: number, high: number) => low + random() * (high - low);
  return Array.from({ length: shape.waves }, () => {
    const wavelengthKm = shape.minWavelengthKm * (shape.maxWavelengthKm / shape.minWavelengthKm) ** random();
    const wavenumber = (2 * Math.PI) / wavelengthKm;
    const heading = between(-Math.PI / 3, Math.PI / 3);
    return {
      east: wavenumber * Math.cos(heading),
      north: wavenumber * Math.sin(heading),
      perHour: wavenumber * between(shape.minSpeedKmPerHour, shape.maxSpeedKmPerHour),
      phase: between(0, 2 * Math.PI),
    };
  });
}
