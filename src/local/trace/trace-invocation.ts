import { basename } from 'node:path';
import { Topic } from '../../iot-sql/index.ts';
import { parseWeatherTopic } from '../../telemetry/topic.ts';
import { unqualified } from '../iot-core/rule-actions/stream-actions.ts';
import type { FollowAction } from './trace-action.ts';
import { tracePackedPublish } from './trace-packed-publish.ts';

/** The Lambda action. The function that unpacks packed publishes is followed; what others do is their own business. */
export const traceInvocation: FollowAction = async (members, { kept }, context) => {
  const arn = unqualified(String(members.FunctionArn));
  const lambda = context.stack.functions.find((each) => each.arn === arn);
  if (!lambda) return { state: 'skipped', text: `function ${arn} is not in the stack` };
  const functionName = basename(lambda.file, '.ts');
  const text = `action Lambda, function ${functionName}`;
  const data = { function: functionName, name: lambda.name };
  const waiting = context.lag().find(({ stage }) => stage === `queue ${functionName}`)?.backlog ?? 0;
  const stream = context.streams.get(lambda.environment.READINGS_STREAM ?? '');
  if (stream && parseWeatherTopic(new Topic(kept.topic).name)?.kind === 'batch') {
    const target = { lambda, functionName, stream, isWaiting: waiting > 0 };
    return { data, ...(await tracePackedPublish(kept, target, context)) };
  }
  return waiting > 0
    ? { state: 'waiting', text: `${text}: ${waiting} events wait for it`, data }
    : { state: 'passed', text: `${text} was invoked`, data };
};
