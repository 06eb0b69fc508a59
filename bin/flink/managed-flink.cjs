const { createHash, createHmac } = require('node:crypto');
const { SignatureV4 } = require('@smithy/signature-v4');

const SERVICE = 'kinesisanalytics';
/** Kinesis Analytics V2 API reference: its JSON protocol names each call so. */
const TARGET = 'KinesisAnalytics_20180523';
const POLL_MILLIS = 5_000;
/** Starting takes a minute or two, stopping with a snapshot some more. */
const WAIT_MILLIS = 900_000;
const RUNNING = new Set(['RUNNING', 'UPDATING', 'AUTOSCALING']);

/** Node's SHA-256 as the signer wants it, keyed or not. */
class Sha256 {
  constructor(secret) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
  }
  update(data) {
    this.hash.update(data);
  }
  async digest() {
    return this.hash.digest();
  }
}

/** Applications of Managed Service for Apache Flink: starts and stops them, as CloudFormation does not. */
class ManagedFlink {
  /** @param pollMillis how often a state that changes is asked for */
  constructor({ region, credentials, endpoint, pollMillis = POLL_MILLIS }) {
    this.endpoint = new URL(endpoint ?? endpointOf(region));
    this.pollMillis = pollMillis;
    this.signer = new SignatureV4({ service: SERVICE, region, credentials, sha256: Sha256 });
  }

  /** Starts an application that does not run, from its latest snapshot if it has one; returns whether it had to. */
  async start(name) {
    const status = await this.status(name);
    if (RUNNING.has(status)) return false;
    if (status === 'READY') await this.call('StartApplication', await this.startRequest(name));
    else if (status !== 'STARTING')
      throw new Error(`Cannot start application '${name}': it is ${status}, it must be READY`);
    await this.waitFor(name, 'start', (now) => RUNNING.has(now), new Set(['STARTING']));
    return true;
  }

  /** Stops an application without a snapshot, as one that is removed; returns whether it had to. */
  async stop(name) {
    const status = await this.status(name);
    if (status === undefined || status === 'READY' || status === 'DELETING') return false;
    if (status !== 'FORCE_STOPPING')
      await this.call('StopApplication', { ApplicationName: name, Force: true });
    const stopped = (now) => now === 'READY' || now === undefined;
    await this.waitFor(
      name,
      'stop',
      stopped,
      new Set([...RUNNING, 'STARTING', 'STOPPING', 'FORCE_STOPPING']),
    );
    return true;
  }

  /** READY, STARTING, RUNNING, … (API reference, ApplicationDetail); undefined when there is no such application. */
  async status(name) {
    try {
      const { ApplicationDetail } = await this.call('DescribeApplication', { ApplicationName: name });
      return ApplicationDetail.ApplicationStatus;
    } catch (error) {
      if (error.code === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  }

  async startRequest(name) {
    const { SnapshotSummaries = [] } = await this.call('ListApplicationSnapshots', { ApplicationName: name });
    const hasSnapshot = SnapshotSummaries.some(({ SnapshotStatus }) => SnapshotStatus === 'READY');
    const from = hasSnapshot ? 'RESTORE_FROM_LATEST_SNAPSHOT' : 'SKIP_RESTORE_FROM_SNAPSHOT';
    return {
      ApplicationName: name,
      RunConfiguration: {
        ApplicationRestoreConfiguration: { ApplicationRestoreType: from },
        FlinkRunConfiguration: { AllowNonRestoredState: false },
      },
    };
  }

  async waitFor(name, what, isDone, meanwhile) {
    for (const until = Date.now() + WAIT_MILLIS; ; ) {
      const status = await this.status(name);
      if (isDone(status)) return;
      if (!meanwhile.has(status))
        throw new Error(
          `Cannot ${what} application '${name}': it became ${status ?? 'unknown'}; its log group says why`,
        );
      if (Date.now() > until)
        throw new Error(
          `Cannot ${what} application '${name}': it is still ${status} after ${WAIT_MILLIS / 60_000} minutes`,
        );
      await new Promise((resolve) => setTimeout(resolve, this.pollMillis));
    }
  }

  async call(operation, input) {
    const body = JSON.stringify(input);
    const { headers } = await this.signer.sign({
      method: 'POST',
      protocol: this.endpoint.protocol,
      hostname: this.endpoint.hostname,
      path: '/',
      query: {},
      headers: {
        host: this.endpoint.host,
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `${TARGET}.${operation}`,
      },
      body,
    });
    const response = await fetch(this.endpoint, { method: 'POST', headers, body });
    const text = await response.text();
    if (response.ok) return text === '' ? {} : JSON.parse(text);
    throw failureOf(operation, response.status, text);
  }
}

function failureOf(operation, status, text) {
  const { __type = '', message, Message } = parsed(text);
  const code = __type.slice(__type.lastIndexOf('#') + 1) || `HTTP ${status}`;
  const error = new Error(`Cannot call ${operation}: ${code}: ${message ?? Message ?? text.slice(0, 200)}`);
  return Object.assign(error, { code });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** The service's endpoint, or another that the SDKs' own variables name. */
function endpointOf(region) {
  const { AWS_ENDPOINT_URL_KINESIS_ANALYTICS_V2: own, AWS_ENDPOINT_URL: all } = process.env;
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return own ?? all ?? `https://${SERVICE}.${region}.${suffix}`;
}

module.exports = { ManagedFlink };
