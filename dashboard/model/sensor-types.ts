/** How a sensor type is called and measured on the page. */
export interface SensorType {
  readonly label: string;
  readonly unit: string;
  /** Number of the colour, 1 to 6, see tokens.css. */
  readonly colour: number;
}

const known: Readonly<Record<string, SensorType>> = {
  temperature: { label: 'Temperature', unit: '°C', colour: 1 },
  humidity: { label: 'Humidity', unit: '%', colour: 2 },
  pressure: { label: 'Pressure', unit: 'hPa', colour: 3 },
  windspeed: { label: 'Wind speed', unit: 'm/s', colour: 4 },
  winddirection: { label: 'Wind direction', unit: '°', colour: 5 },
  precipitation: { label: 'Precipitation', unit: 'mm', colour: 6 },
  rainfall: { label: 'Rainfall', unit: 'mm', colour: 6 },
  dewpoint: { label: 'Dew point', unit: '°C', colour: 5 },
  radiation: { label: 'Radiation', unit: 'W/m²', colour: 6 },
  visibility: { label: 'Visibility', unit: 'km', colour: 5 },
};

/** Any other type keeps its own name, has no unit, and a colour derived from the name. */
export function sensorTypeOf(type: string): SensorType {
  const key = type.toLowerCase().replace(/[-_ ]/g, '');
  if (Object.hasOwn(known, key)) return known[key] as SensorType;
  let hash = 0;
  for (const character of type) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return { label: type, unit: '', colour: (hash % 6) + 1 };
}
