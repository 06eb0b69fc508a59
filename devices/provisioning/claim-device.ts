import { createPrivateKey } from 'node:crypto';
import type { Endpoint, Transport } from '../client/connection.ts';
import { ConnectError } from '../device-error.ts';
import { type Bundle, certificateIdOf, readBundle, topicsOf, writeBundle } from './bundle.ts';
import { createCertificateRequest, createDeviceKey } from './certificate-request.ts';
import { ClaimConnection } from './claim-connection.ts';
import { type ClaimedCertificate, ClaimState } from './claim-state.ts';
import { ClaimRefusedError, ProvisioningError } from './provisioning-error.ts';

export interface ClaimOptions {
  /** Where devices connect, with the claim certificate, which many devices have. */
  readonly endpoint: Endpoint & { readonly tls: Required<NonNullable<Endpoint['tls']>> };
  readonly templateName: string;
  /** What the device is known by at the office: `SerialNumber` of the template; behind `claim-` the client id while it claims. */
  readonly serialNumber: string;
  /** Further parameters of the template. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Where the bundle of the device will be. */
  readonly folder: string;
  readonly transport: Transport;
  /** Made here, so that the private key never leaves the device; or by the service, for devices that cannot make keys. */
  readonly keys?: 'device' | 'service';
}

export interface ClaimResult {
  /** `known` when the bundle was there already. */
  readonly outcome: 'claimed' | 'known';
  readonly bundle: Bundle;
  /** What the template says for the device; empty when it was claimed earlier. */
  readonly deviceConfiguration: Readonly<Record<string, unknown>>;
}

interface Registered {
  readonly thingName: string;
  readonly deviceConfiguration: Readonly<Record<string, unknown>>;
}

/**
 * Gets a device its own certificate by claim (AWS IoT developer guide, provision-wo-cert). It may be killed at any step and called
 * again: key, certificate and token are on the disk before the next step needs them, and the service does each step again with the
 * same result. The bundle is written whole, last.
 *
 * @throws ClaimRefusedError when the service says no, ConnectError when the claim is not let in, ProvisioningError
 */
export async function claimDevice(options: ClaimOptions): Promise<ClaimResult> {
  const { folder } = options;
  const state = new ClaimState(folder);
  const known = readBundle(folder);
  if (known) {
    state.remove();
    return { outcome: 'known', bundle: known, deviceConfiguration: {} };
  }
  const connection = await ClaimConnection.open(options.transport, {
    ...options.endpoint,
    clientId: `claim-${options.serialNumber}`,
  });
  let registered: Registered;
  try {
    registered = await register(connection, state, options);
  } finally {
    await connection.end();
  }
  const bundle = bundleOf(registered.thingName, state, options);
  writeBundle(folder, bundle);
  state.remove();
  return { outcome: 'claimed', bundle, deviceConfiguration: registered.deviceConfiguration };
}

async function register(
  connection: ClaimConnection,
  state: ClaimState,
  options: ClaimOptions,
): Promise<Registered> {
  const kept = state.certificate;
  if (kept) {
    try {
      return await provision(connection, kept, options);
    } catch (error) {
      const isTokenOver =
        error instanceof ClaimRefusedError && error.errorCode === 'InvalidCertificateOwnershipToken';
      if (!isTokenOver) throw error;
      if (await letsIn(kept, state, options))
        return { thingName: options.serialNumber, deviceConfiguration: {} };
      state.dropCertificate();
    }
  }
  return provision(connection, await certify(connection, state, options), options);
}

/** A certificate for the key that is kept, or with one that the service makes. */
async function certify(
  connection: ClaimConnection,
  state: ClaimState,
  { keys = 'device', serialNumber }: ClaimOptions,
): Promise<ClaimedCertificate> {
  if (keys === 'device' && state.privateKeyPem === undefined) state.keepKey(createDeviceKey());
  const answer =
    keys === 'service'
      ? await connection.ask('$aws/certificates/create/json', {})
      : await connection.ask('$aws/certificates/create-from-csr/json', {
          certificateSigningRequest: createCertificateRequest(
            serialNumber,
            createPrivateKey(state.privateKeyPem!),
          ),
        });
  const { certificatePem, certificateOwnershipToken: ownershipToken, privateKey } = answer;
  if (typeof certificatePem !== 'string' || typeof ownershipToken !== 'string')
    throw new ProvisioningError('Cannot claim: the answer has no certificate or no ownership token');
  // Until both are there, a next call begins with another certificate, and nobody was told of this one.
  if (typeof privateKey === 'string') state.keepKey(privateKey);
  const certificate = { certificatePem, ownershipToken };
  state.keepCertificate(certificate);
  return certificate;
}

async function provision(
  connection: ClaimConnection,
  { ownershipToken }: ClaimedCertificate,
  { templateName, serialNumber, parameters }: ClaimOptions,
): Promise<Registered> {
  const { thingName = serialNumber, deviceConfiguration } = await connection.ask(
    `$aws/provisioning-templates/${templateName}/provision/json`,
    {
      certificateOwnershipToken: ownershipToken,
      parameters: { ...parameters, SerialNumber: serialNumber },
    },
  );
  return {
    thingName: String(thingName),
    deviceConfiguration: (deviceConfiguration ?? {}) as Registered['deviceConfiguration'],
  };
}

/** Whether the certificate was provisioned by a call that did not live to see it: then it lets in. */
async function letsIn(
  { certificatePem: cert }: ClaimedCertificate,
  state: ClaimState,
  { endpoint, serialNumber, transport }: ClaimOptions,
): Promise<boolean> {
  const tls = { ca: endpoint.tls.ca, cert, key: state.privateKeyPem! };
  try {
    const connection = await transport({ url: endpoint.url, tls, clientId: serialNumber });
    await connection.end(true);
    return true;
  } catch (error) {
    if (error instanceof ConnectError) return false;
    throw error;
  }
}

function bundleOf(thingName: string, state: ClaimState, { endpoint, parameters = {} }: ClaimOptions): Bundle {
  const { certificatePem } = state.certificate!;
  return {
    certificatePem,
    privateKeyPem: state.privateKeyPem!,
    caPem: endpoint.tls.ca,
    config: {
      thingName,
      endpoint: endpoint.url,
      certificateId: certificateIdOf(certificatePem),
      topics: topicsOf(thingName, parameters),
    },
  };
}
