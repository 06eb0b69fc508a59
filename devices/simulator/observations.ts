import { readFileSync } from 'node:fs';

/** Hours of the climate year: the normals have no 29 February. */
export const HOURS_PER_YEAR = 8760;
const HALF_DAY = 12;

/** What a city's daily observations say about each month, January first. */
export interface MonthlyClimate {
  /** (daily maximum + daily minimum) / 2, °C. */
  readonly meanTemperature: readonly number[];
  /** Daily maximum − daily minimum, K. */
  readonly dailyRange: readonly number[];
  /** Share of days with measurable precipitation. */
  readonly wetDayShare: readonly number[];
  /** Mean precipitation, mm per day, dry days included. */
  readonly precipitation: readonly number[];
  readonly wind: readonly number[];
}

/** Seattle's 1981–2010 normals (NOAA NCDC), one value per hour of the year in local standard time. */
export interface HourlyNormals {
  /** The temperature with its daily cycle taken out: a running mean over 24 hours, °C. */
  readonly seasonalTemperature: Float64Array;
  /** The daily cycle alone, K. */
  readonly diurnalTemperature: Float64Array;
  /** Sea-level pressure, hPa. */
  readonly pressure: Float64Array;
  /** m/s. */
  readonly wind: Float64Array;
}

/** The observations that the simulated weather is fed from, as the package `vega-datasets` ships them. */
export interface Observations {
  readonly hourlyNormals: HourlyNormals;
  readonly seattle: MonthlyClimate;
  readonly newYork: MonthlyClimate;
  readonly airports: ReadonlyMap<string, Airport>;
}

export interface Airport {
  readonly city: string;
  readonly state: string;
  readonly latitude: number;
  readonly longitude: number;
}

type Row = Readonly<Record<string, string>>;

export function loadObservations(): Observations {
  const daily = readDataset('weather.csv');
  return {
    hourlyNormals: hourlyNormals(readDataset('seattle-weather-hourly-normals.csv')),
    seattle: monthlyClimate(daily.filter((row) => text(row, 'location') === 'Seattle')),
    newYork: monthlyClimate(daily.filter((row) => text(row, 'location') === 'New York')),
    airports: new Map(readDataset('airports.csv').map((row) => [text(row, 'iata'), airport(row)])),
  };
}

function readDataset(name: string): Row[] {
  return parseCsv(readFileSync(new URL(`../data/${name}`, import.meta.resolve('vega-datasets')), 'utf8'));
}

/** Comma-separated rows under a header line; these data sets quote a field only where it contains a comma. */
export function parseCsv(csv: string): Row[] {
  const [header = '', ...lines] = csv.split(/\r?\n/).filter((line) => line !== '');
  const names = splitLine(header);
  return lines.map((line) =>
    Object.fromEntries(splitLine(line).map((field, index) => [names[index], field])),
  );
}

function splitLine(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
    .map((match) => (match[1] ?? '').replace(/^"|"$/g, '').replaceAll('""', '"'))
    .slice(0, -1);
}

function hourlyNormals(rows: readonly Row[]): HourlyNormals {
  const column = (name: string) => fillYear(rows, name);
  const temperature = column('temperature');
  const seasonalTemperature = temperature.map((_, hour) => runningDayMean(temperature, hour));
  return {
    seasonalTemperature,
    diurnalTemperature: temperature.map((value, hour) => value - (seasonalTemperature[hour] ?? value)),
    pressure: column('pressure'),
    wind: column('wind'),
  };
}

/** The series lacks its very first hour; a missing hour takes the value of the next one. */
function fillYear(rows: readonly Row[], name: string): Float64Array {
  const values = new Float64Array(HOURS_PER_YEAR).fill(Number.NaN);
  for (const row of rows) {
    const atMillis = Date.parse(`${text(row, 'date')}Z`);
    values[Math.round((atMillis - Date.UTC(2010, 0, 1)) / 3_600_000)] = number(row, name);
  }
  for (let hour = HOURS_PER_YEAR - 2; hour >= 0; hour--)
    if (Number.isNaN(values[hour])) values[hour] = values[hour + 1] ?? Number.NaN;
  return values;
}

function runningDayMean(values: Float64Array, hour: number): number {
  let sum = 0;
  for (let offset = -HALF_DAY; offset < HALF_DAY; offset++)
    sum += values[(hour + offset + HOURS_PER_YEAR) % HOURS_PER_YEAR] ?? 0;
  return sum / (2 * HALF_DAY);
}

function monthlyClimate(days: readonly Row[]): MonthlyClimate {
  const months = Array.from({ length: 12 }, (_, month) =>
    days.filter((day) => Number(text(day, 'date').slice(5, 7)) === month + 1),
  );
  const mean = (measure: (day: Row) => number) =>
    months.map((month) => month.reduce((sum, day) => sum + measure(day), 0) / month.length);
  return {
    meanTemperature: mean((day) => (number(day, 'temp_max') + number(day, 'temp_min')) / 2),
    dailyRange: mean((day) => number(day, 'temp_max') - number(day, 'temp_min')),
    wetDayShare: mean((day) => (number(day, 'precipitation') > 0.2 ? 1 : 0)),
    precipitation: mean((day) => number(day, 'precipitation')),
    wind: mean((day) => number(day, 'wind')),
  };
}

function airport(row: Row): Airport {
  return {
    city: text(row, 'city'),
    state: text(row, 'state'),
    latitude: number(row, 'latitude'),
    longitude: number(row, 'longitude'),
  };
}

function text(row: Row, name: string): string {
  const value = row[name];
  if (value === undefined) throw new TypeError(`Cannot read the observations: a row has no column "${name}"`);
  return value;
}

function number(row: Row, name: string): number {
  const value = Number(text(row, name));
  if (Number.isNaN(value))
    throw new TypeError(`Cannot read the observations: column "${name}" holds "${row[name]}", not a number`);
  return value;
}
