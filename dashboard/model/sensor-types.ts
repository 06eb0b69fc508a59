/** How a sensor type is called and measured on the page. */
export interface SensorType {
  readonly label: string;
  /** For narrow columns. */
  readonly short: string;
  readonly unit: string;
  /** Number of the colour, 1 to 6, see tokens.css. */
  readonly colour: number;
}

const known: Readonly<Record<string, SensorType>> = {
  temperature: { label: 'Temperature', short: 'Temp.', unit: '°C', colour: 1 },
  humidity: { label: 'Humidity', short: 'Hum.', unit: '%', colour: 2 },
  pressure: { label: 'Pressure', short: 'Press.', unit: 'hPa', colour: 3 },
  windspeed: { label: 'Wind speed', short: 'Wind', unit: 'm/s', colour: 4 },
  winddirection: { label: 'Wind direction', short: 'Dir.', unit: '°', colour: 5 },
  precipitation: { label: 'Precipitation', short: 'Precip.', unit: 'mm', colour: 6 },
  rainfall: { label: 'Rainfall', short: 'Rain', unit: 'mm', colour: 6 },
  dewpoint: { label: 'Dew point', short: 'Dew pt.', unit: '°C', colour: 5 },
  radiation: { label: 'Radiation', short: 'Rad.', unit: 'W/m²', colour: 6 },
  visibility: { label: 'Visibility', short: 'Visib.', unit: 'km', colour: 5 },
};

/** Any other type keeps its own name, has no unit, and a colour derived from the name. */
export function sensorTypeOf(type: string): SensorType {
  const key = type.toLowerCase().replace(/[-_ ]/g, '');
  if (Object.hasOwn(known, key)) return known[key] as SensorType;
  let hash = 0;
  for (const character of type) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return {
    label: type,
    short: type.length <= 8 ? type : `${type.slice(0, 7)}…`,
    unit: '',
    colour: (hash % 6) + 1,
  };
}
