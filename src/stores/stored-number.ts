/** Smallest magnitude of a DynamoDB number (DynamoDB developer guide, "Data types": 1E-130 to 9.99E+125, 38 digits). */
const MIN_MAGNITUDE = 1e-130;

/**
 * A finite double as a table attribute: a number where DynamoDB and its document client keep it exactly, else its shortest
 * text. Without this one absurd reading (1e200) would fail its whole batch for ever.
 */
export function encodeNumber(value: number): number | string {
  const magnitude = Math.abs(value);
  const fits = magnitude === 0 || (magnitude >= MIN_MAGNITUDE && magnitude <= Number.MAX_SAFE_INTEGER);
  return fits ? value : String(value);
}

export function decodeNumberAttribute(attribute: unknown): number | null {
  return attribute === null || attribute === undefined ? null : Number(attribute);
}

/** As {@link encodeNumber}; an absent number is stored as null. */
export function encodeNullable(value: number | null | undefined): number | string | null {
  return value === null || value === undefined ? null : encodeNumber(value);
}
