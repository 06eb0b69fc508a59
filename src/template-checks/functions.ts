import type { Check } from './finding.ts';
import { nested, type ResourceView, type TemplateView } from './template-view.ts';

/** Services that invoke a function without waiting for it (Lambda developer guide, asynchronous invocation). */
const ASYNCHRONOUS = new Set([
  'iot.amazonaws.com',
  'events.amazonaws.com',
  's3.amazonaws.com',
  'sns.amazonaws.com',
]);

const SECRET = /(SECRET|PASSWORD|TOKEN|PRIVATE_KEY)/i;

/** A function: arm64, its own role, size and time said, traced when people wait for it, and a place for the events it fails for good. */
export const functions: Check = {
  name: 'functions',
  run: (view) => {
    const all = view.ofType('AWS::Lambda::Function');
    return all.flatMap((each) =>
      functionFacts(each, all, view)
        .filter(([, isRight]) => !isRight)
        .map(([about, , reason]) => ({
          resource: each.id,
          about,
          message: `Cannot leave ${about} as it is: ${reason}`,
        })),
    );
  },
};

function functionFacts(
  { id, properties }: ResourceView,
  all: readonly ResourceView[],
  view: TemplateView,
): readonly (readonly [string, boolean, string])[] {
  const sharing = all.filter((other) => other.properties.Role === properties.Role).length;
  const variables = Object.keys(nested(properties, 'Environment', 'Variables'));
  return [
    ['Architectures', JSON.stringify(properties.Architectures) === '["arm64"]', 'arm64 costs a fifth less'],
    ['MemorySize', properties.MemorySize !== undefined, 'say how much memory it needs'],
    ['Timeout', properties.Timeout !== undefined, 'say how long it may run'],
    ['Role', sharing === 1, `${sharing} functions share the role`],
    [
      'TracingConfig',
      !isAsked(id, view) || nested(properties, 'TracingConfig').Mode === 'Active',
      'somebody waits for its answers, and tracing is off',
    ],
    ['Environment', !variables.some((name) => SECRET.test(name)), 'secrets do not belong into variables'],
    [
      'OnFailure',
      !isAsynchronous(id, view) || hasFailureDestination(id, view),
      'events that fail for good are dropped',
    ],
  ];
}

function isAsked(id: string, view: TemplateView): boolean {
  return isInvokedBy(id, (principal) => principal === 'apigateway.amazonaws.com', view);
}

function isAsynchronous(id: string, view: TemplateView): boolean {
  return isInvokedBy(id, (principal) => ASYNCHRONOUS.has(principal), view) && !isHook(id, view);
}

/** AWS IoT waits for the answer of a pre-provisioning hook. */
function isHook(id: string, view: TemplateView): boolean {
  return view
    .ofType('AWS::IoT::ProvisioningTemplate')
    .some(({ properties }) => view.target(nested(properties, 'PreProvisioningHook').TargetArn)?.id === id);
}

function isInvokedBy(id: string, isMeant: (principal: string) => boolean, view: TemplateView): boolean {
  return view
    .ofType('AWS::Lambda::Permission')
    .some(
      ({ properties }) =>
        view.target(properties.FunctionName)?.id === id && isMeant(String(properties.Principal)),
    );
}

function hasFailureDestination(id: string, view: TemplateView): boolean {
  return view
    .ofType('AWS::Lambda::EventInvokeConfig')
    .some(
      ({ properties }) =>
        view.target(properties.FunctionName)?.id === id &&
        nested(properties, 'DestinationConfig', 'OnFailure').Destination !== undefined,
    );
}
