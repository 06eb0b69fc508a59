import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { connect, rootCertificates } from 'node:tls';
import { ProvisioningError } from './provisioning-error.ts';

export interface AuthorityOptions {
  /** `mqtts://host:port` of the devices. */
  readonly deviceUrl: string;
  readonly isLocal: boolean;
  /** A file that was named. */
  readonly file: string | undefined;
  /** Where the runtime on this machine keeps its own unless told otherwise. */
  readonly localFile: string;
}

const TIMEOUT_MILLIS = 5_000;

/**
 * The certificate that devices verify the endpoint by: the file that was named, that of the runtime here, or Amazon's roots,
 * which Node knows (AWS IoT developer guide, server-authentication). One for a runtime is tried before devices get it.
 * @throws ProvisioningError when it is not the one that signed the endpoint's certificate
 */
export async function findAuthority({
  deviceUrl,
  isLocal,
  file,
  localFile,
}: AuthorityOptions): Promise<string> {
  if (!isLocal && file === undefined) return amazonRoots();
  const chosen = file ?? localFile;
  if (!existsSync(chosen))
    throw new ProvisioningError(
      `Cannot find the authority of ${deviceUrl}: there is no '${chosen}'; name the file that "mesonet start" prints, with --ca`,
    );
  const pem = readFileSync(chosen, 'utf8');
  const problem = await problemWith(deviceUrl, pem);
  if (problem !== undefined)
    throw new ProvisioningError(
      `Cannot use the authority '${chosen}' for ${deviceUrl}: ${problem}; name the file that "mesonet start" prints, with --ca`,
    );
  return pem;
}

function amazonRoots(): string {
  const roots = rootCertificates.filter((pem) =>
    /^CN=Amazon Root CA \d$/m.test(new X509Certificate(pem).subject),
  );
  return `${roots.join('\n')}\n`;
}

/** Undefined when the endpoint shows a certificate that this authority signed. */
function problemWith(deviceUrl: string, ca: string): Promise<string | undefined> {
  const { hostname, port } = new URL(deviceUrl);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), ca, minVersion: 'TLSv1.2' });
    const settle = (problem?: string) => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(TIMEOUT_MILLIS, () => settle('no answer'));
    socket.once('secureConnect', () => settle());
    socket.once('error', (error) => settle(error.message));
  });
}
