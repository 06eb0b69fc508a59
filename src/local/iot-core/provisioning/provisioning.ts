import type { DurableLog } from '../../log/durable-log.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import type { ReservedAnswer } from '../reserved-topics.ts';
import type { CertificateAuthority } from '../tls/certificate-authority.ts';
import { AuthorityRegistry } from './authority-registry.ts';
import { FleetProvisioning } from './fleet-provisioning.ts';
import { JustInTimeRegistration } from './just-in-time.ts';
import { OwnershipTokens } from './ownership-tokens.ts';
import type { InvokeFunction } from './pre-provisioning-hook.ts';
import { type DeclaredTemplate, TemplateStore } from './template-store.ts';

export interface ProvisioningOptions {
  readonly registry: DeviceRegistry;
  readonly log: DurableLog;
  readonly signer: () => Promise<CertificateAuthority>;
  /** The templates of the stack. */
  readonly declared: readonly DeclaredTemplate[];
  /** Runs a pre-provisioning hook. */
  readonly invoke: InvokeFunction;
  /** Hands over answers to the client, events to everybody; resolves once these, and what led to them, are durable. */
  readonly tell: (answers: readonly ReservedAnswer[], clientId?: string) => Promise<void>;
  readonly nowMillis: () => number;
  readonly report: (text: string) => void;
}

/** How devices come into the registry by themselves: by claim, by an authority of one's own, by a template. */
export class Provisioning {
  readonly templates: TemplateStore;
  readonly authorities: AuthorityRegistry;
  readonly fleet: FleetProvisioning;
  readonly justInTime: JustInTimeRegistration;

  /** @throws AwsError InvalidRequestException when a template of the stack is none */
  constructor(options: ProvisioningOptions) {
    const { log, nowMillis, declared } = options;
    this.templates = new TemplateStore(log, nowMillis);
    for (const template of declared) this.templates.declare(template);
    this.authorities = new AuthorityRegistry(log, nowMillis);
    const { templates, authorities } = this;
    const tokens = new OwnershipTokens(log, nowMillis);
    this.fleet = new FleetProvisioning({ ...options, templates, tokens });
    this.justInTime = new JustInTimeRegistration({ ...options, templates, authorities });
  }

  /** Waits for what is worked on. */
  async stop(): Promise<void> {
    await Promise.all([this.fleet.stop(), this.justInTime.stop()]);
  }
}
