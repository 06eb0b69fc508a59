const {
  copyFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
} = require('node:fs');
const { join } = require('node:path');
const { HeadObjectCommand, PutObjectCommand, S3Client } = require('@aws-sdk/client-s3');
const { CloudFormationClient, paginateListStackResources } = require('@aws-sdk/client-cloudformation');
const {
  applicationsOf,
  beginAt,
  nameJar,
  namesInStartOrder,
  textProperties,
} = require('./flink/application-template.cjs');
const { ManagedFlink } = require('./flink/managed-flink.cjs');
const { buildJar, jarName, printJobs } = require('./flink/runner-jar.cjs');

const APPLICATION = 'AWS::KinesisAnalyticsV2::Application';
const TEMPLATE = 'cloudformation-template-update-stack.json';
/** Whoever only reads the template, such as `mesonet cost`, needs neither JDK nor Maven. */
const TEMPLATE_ONLY = process.env.MESONET_TEMPLATE_ONLY === '1';

/**
 * A framework plugin for `--param windows=flink`: packs each application's job into the runner's jar, names the jars by their
 * content in the template, uploads them, and starts and stops the applications.
 */
module.exports = class FlinkPlugin {
  constructor(serverless) {
    this.serverless = serverless;
    this.provider = serverless.getProvider('aws');
    this.hooks = {
      'after:aws:package:finalize:mergeCustomProviderResources': async () => this.pack(),
      'after:aws:deploy:deploy:uploadArtifacts': async () => this.upload(),
      'after:deploy:deploy': async () => this.start(),
      'before:remove:remove': async () => this.stop(),
    };
  }

  pack() {
    const template = this.serverless.service.provider.compiledCloudFormationTemplate;
    const applications = applicationsOf(template);
    beginAt(this.serverless.service.custom.windowsFrom, applications, template);
    const deployed = applications.filter(({ Application }) => Application !== undefined);
    if (deployed.length === 0) return;
    try {
      const jobs = printJobs(deployed);
      for (const [index, application] of deployed.entries()) this.packOne(application, jobs[index], template);
    } catch (error) {
      throw new this.serverless.classes.Error(error.message, 'FLINK_JOB');
    }
  }

  packOne(application, job, template) {
    const name = jarName(application, job);
    nameJar(`flink/${application.Name}.jar`, `${this.prefix()}${name}`, template);
    textProperties(template.Resources[application.Application]);
    if (TEMPLATE_ONLY) return;
    const folder = this.folder();
    mkdirSync(folder, { recursive: true });
    copyFileSync(buildJar(name, job), join(folder, name));
  }

  /** Below what the framework empties when the stack is removed, and beside the deployments that it counts. */
  prefix() {
    return `${this.provider.getDeploymentPrefix()}/${this.serverless.service.service}/${this.provider.getStage()}/flink/`;
  }

  /** Where the framework has what it deploys, also when that was packaged before. */
  folder() {
    return join(this.serverless.serviceDir, '.serverless', 'flink');
  }

  async upload() {
    if (this.serverless.service.provider.shouldNotDeploy || !existsSync(this.folder())) return;
    const Bucket = await this.provider.getServerlessDeploymentBucketName();
    const s3 = new S3Client(await this.provider.getAwsSdkV3Config());
    for (const name of readdirSync(this.folder()).filter((file) => file.endsWith('.jar'))) {
      const Key = `${this.prefix()}${name}`;
      if (await isThere(s3, { Bucket, Key })) continue;
      const file = join(this.folder(), name);
      const [Body, ContentLength] = [createReadStream(file), statSync(file).size];
      await s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength }));
    }
  }

  async start() {
    const template = JSON.parse(
      readFileSync(join(this.serverless.serviceDir, '.serverless', TEMPLATE), 'utf8'),
    );
    const names = namesInStartOrder(template);
    if (names.length === 0) return;
    const flink = await this.flink();
    for (const name of names) await flink.start(name);
  }

  async stop() {
    const client = new CloudFormationClient(await this.provider.getAwsSdkV3Config());
    const flink = await this.flink();
    for (const name of await applicationNames(client, this.provider.naming.getStackName()))
      await flink.stop(name);
  }

  async flink() {
    const { region, credentials } = await this.provider.getAwsSdkV3Config();
    return new ManagedFlink({ region, credentials });
  }
};

async function isThere(s3, place) {
  try {
    await s3.send(new HeadObjectCommand(place));
    return true;
  } catch (error) {
    if (error.name === 'NotFound' || error.$metadata?.httpStatusCode === 404) return false;
    throw error;
  }
}

async function applicationNames(client, StackName) {
  const names = [];
  try {
    for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName }))
      for (const { ResourceType, PhysicalResourceId } of StackResourceSummaries)
        if (ResourceType === APPLICATION && PhysicalResourceId) names.push(PhysicalResourceId);
    return names;
  } catch (error) {
    // There is no such stack: the framework says so itself.
    if (error.name === 'ValidationError') return [];
    throw error;
  }
}
