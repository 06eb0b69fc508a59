import { lookup } from 'node:dns/promises';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Bundle } from '../../../devices/provisioning/bundle.ts';
import { broken, type Finding, ok } from './finding.ts';

const TIMEOUT_MILLIS = 5_000;
const ENDPOINT_ADVICE =
  'is the pipeline running, and is this its port? "mesonet provision" with the same devices writes the endpoint of today into config.json';

/** The name resolves, and the port takes connections. */
export async function checkReachable(endpoint: string): Promise<Finding> {
  const { hostname, port } = new URL(endpoint);
  const host = hostname.replace(/^\[|\]$/g, '');
  try {
    await lookup(host);
  } catch {
    return broken(
      'reach',
      `host name '${host}' is not found`,
      'check the name in config.json and the DNS of this machine',
    );
  }
  const problem = await new Promise<string | undefined>((resolve) => {
    const socket = connectTcp({ host, port: Number(port) });
    const settle = (text?: string) => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(TIMEOUT_MILLIS, () => settle(`no answer within ${TIMEOUT_MILLIS / 1000} s`));
    socket.once('connect', () => settle());
    socket.once('error', ({ message }) => settle(message));
  });
  return problem === undefined
    ? ok('reach', `${host}:${port} takes connections`)
    : broken('reach', `${host}:${port} cannot be reached: ${problem}`, ENDPOINT_ADVICE);
}

/** What the codes of a failed handshake mean, and what to do. */
const TLS_PROBLEMS: Readonly<Record<string, readonly [string, string]>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['ca.pem did not sign the server certificate', ENDPOINT_ADVICE],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['ca.pem did not sign the server certificate', ENDPOINT_ADVICE],
  CERT_SIGNATURE_FAILURE: ['ca.pem did not sign the server certificate', ENDPOINT_ADVICE],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['the server certificate is signed by itself', ENDPOINT_ADVICE],
  SELF_SIGNED_CERT_IN_CHAIN: ['ca.pem did not sign the server certificate', ENDPOINT_ADVICE],
  CERT_HAS_EXPIRED: [
    'the server certificate has expired',
    'restart the pipeline, which renews it; check the clock of this machine',
  ],
  CERT_NOT_YET_VALID: ['the server certificate is not valid yet', 'check the clock of this machine'],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'the server certificate is for other names',
    'use the name that DescribeEndpoint gives',
  ],
  ERR_SSL_WRONG_VERSION_NUMBER: ['what listens there does not speak TLS', ENDPOINT_ADVICE],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ['what listens there does not speak TLS', ENDPOINT_ADVICE],
};

/** The handshake ends well, and the server's certificate is signed by the bundle's authority. */
export async function checkTls({ config, caPem, certificatePem, privateKeyPem }: Bundle): Promise<Finding> {
  const { hostname, port } = new URL(config.endpoint);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connectTls({
      host,
      port: Number(port),
      ca: caPem,
      cert: certificatePem,
      key: privateKeyPem,
      minVersion: 'TLSv1.2',
      ...(port === '443' && { ALPNProtocols: ['x-amzn-mqtt-ca'] }),
    });
    const settle = (finding: Finding) => {
      socket.destroy();
      resolve(finding);
    };
    socket.setTimeout(TIMEOUT_MILLIS, () =>
      settle(broken('tls', `no handshake within ${TIMEOUT_MILLIS / 1000} s`, ENDPOINT_ADVICE)),
    );
    socket.once('secureConnect', () => settle(ok('tls', describe(socket))));
    socket.once('error', (error: NodeJS.ErrnoException) => settle(tlsProblem(error)));
  });
}

function describe(socket: TLSSocket): string {
  const { valid_to: until } = socket.getPeerCertificate();
  const day = new Date(until).toISOString().slice(0, 10);
  return `${socket.getProtocol()}, the server certificate is signed by ca.pem and valid until ${day}`;
}

function tlsProblem({ code = '', message }: NodeJS.ErrnoException): Finding {
  const [text, advice] = Object.hasOwn(TLS_PROBLEMS, code) ? TLS_PROBLEMS[code]! : [message, ENDPOINT_ADVICE];
  return broken('tls', text, advice);
}
