import type { X509Certificate } from 'node:crypto';

type Values = Record<string, string | readonly string[]>;

/** Attributes of a name as they stand in a certificate, and as policy variables call them. */
const NAME_ATTRIBUTES: readonly (readonly [string, string])[] = [
  ['CN', 'CommonName'],
  ['C', 'Country'],
  ['O', 'Organization'],
  ['OU', 'OrganizationalUnit'],
  ['ST', 'State'],
  ['L', 'Locality'],
  ['dnQualifier', 'DistinguishedNameQualifier'],
  ['serialNumber', 'SerialNumber'],
  ['title', 'Title'],
  ['SN', 'Surname'],
  ['GN', 'GivenName'],
  ['initials', 'Initials'],
  ['pseudonym', 'Pseudonym'],
  ['generationQualifier', 'GenerationQualifier'],
];

const ALTERNATIVE_NAMES: readonly (readonly [string, string])[] = [
  ['email:', 'RFC822Name'],
  ['DNS:', 'DNSName'],
  ['URI:', 'UniformResourceIdentifier'],
  ['IP Address:', 'IPAddress'],
];

/** What policies may ask of a certificate (AWS IoT developer guide, cert-policy-variables). */
export function certificateValues(certificate: X509Certificate): Values {
  const values: Values = { 'iot:Certificate.SerialNumber': certificate.serialNumber.toLowerCase() };
  for (const [side, text] of [
    ['Subject', certificate.subject],
    ['Issuer', certificate.issuer],
  ] as const) {
    const lines = (text ?? '').split('\n');
    for (const [short, long] of NAME_ATTRIBUTES)
      addAll(values, `iot:Certificate.${side}.${long}`, startingWith(lines, `${short}=`));
  }
  const names = splitAlternativeNames(certificate.subjectAltName ?? '');
  for (const [kind, name] of ALTERNATIVE_NAMES)
    addAll(values, `iot:Certificate.Subject.AlternativeName.${name}`, startingWith(names, kind));
  return values;
}

function startingWith(texts: readonly string[], prefix: string): string[] {
  return texts.flatMap((text) => (text.startsWith(prefix) ? text.slice(prefix.length) : []));
}

/** The first value has the plain name, the second one `.1`, and all of them `.List`. */
function addAll(values: Values, name: string, found: readonly string[]): void {
  for (const [index, value] of found.entries()) values[index === 0 ? name : `${name}.${index}`] = value;
  if (found.length > 0) values[`${name}.List`] = found;
}

/** Names that would need quotes are left out: what they hold is no plain text. */
function splitAlternativeNames(text: string): string[] {
  return text.includes('"') ? [] : text.split(', ');
}
