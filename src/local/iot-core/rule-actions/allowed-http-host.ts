/** `host:port` of a URL, with the port of the scheme where it names none; undefined when it is no http(s) URL. */
export function hostOf(url: string): string | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') return undefined;
  return `${parsed.hostname}:${parsed.port || defaultPort(parsed.protocol)}`;
}

/** May an Http action post there? An entry of the list is `host`, for the port of the scheme, or `host:port`. */
export function isAllowedUrl(url: string, allowed: ReadonlySet<string>): boolean {
  const host = hostOf(url);
  if (host === undefined) return false;
  if (allowed.has(host)) return true;
  const { protocol, hostname, port } = new URL(url);
  return (port === '' || port === defaultPort(protocol)) && allowed.has(hostname);
}

function defaultPort(protocol: string): string {
  return protocol === 'https:' ? '443' : '80';
}
