import { toText } from '../conversion.ts';
import type { Evaluate } from '../frame.ts';
import type { Value } from '../value.ts';
import { callExternal, type StartCall } from './external.ts';
import type { CallSite, FunctionTable } from './function-spec.ts';

/** The alphabet of base64, standard or URL-safe, padded or not. */
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** `encode(value, 'base64')`; of `*` the raw payload is encoded, of anything else its text. */
function compileEncode(call: CallSite): Evaluate {
  const [operand, scheme] = call.arguments;
  const isPayload = call.nodes[0]?.kind === 'payload';
  return (frame) => {
    if (scheme!(frame) !== 'base64') return undefined;
    if (isPayload && frame.outer === undefined) return frame.message.payloadBase64;
    const text = toText(operand!(frame));
    return text === undefined ? undefined : Buffer.from(text, 'utf8').toString('base64');
  };
}

/** `decode(text, 'base64')`, or with six arguments `decode(text, 'proto', bucket, descriptor, file, message)`. */
function compileDecode(call: CallSite): Evaluate {
  if (call.arguments.length > 2) return compileProtobuf(call);
  const [operand, scheme] = call.arguments;
  return (frame) => {
    if (scheme!(frame) !== 'base64') return undefined;
    const text = toText(operand!(frame));
    return text === undefined ? undefined : decodeText(text);
  };
}

/** JSON becomes a value, other text a String; what cannot be decoded is Null. */
function decodeText(encoded: string): Value {
  if (!BASE64.test(encoded) || encoded.replace(/=+$/, '').length % 4 === 1) return null;
  try {
    const text = UTF8.decode(Buffer.from(encoded, 'base64'));
    return parseJson(text);
  } catch {
    return null;
  }
}

function parseJson(text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch {
    return text;
  }
}

const decodeProtobuf: StartCall = (external, [bytes, scheme, bucket, descriptor, file, messageType]) => {
  const texts = [bytes, bucket, descriptor, file, messageType].map(toText);
  if (scheme !== 'proto' || texts.includes(undefined)) return undefined;
  const [base64, bucketName, descriptorName, fileName, messageName] = texts as string[];
  return external.decodeProtobuf?.({
    base64: base64!,
    bucket: bucketName!,
    descriptor: descriptorName!,
    file: fileName!,
    messageType: messageName!,
  });
};

function compileProtobuf(call: CallSite): Evaluate {
  return callExternal(call, decodeProtobuf);
}

/** Encodings (AWS IoT developer guide, iot-sql-functions). */
export const ENCODING_FUNCTIONS: FunctionTable = {
  decode: { minArguments: 2, maxArguments: 6, since: '2016-03-23', compile: compileDecode },
  encode: { minArguments: 2, maxArguments: 2, since: '2016-03-23', compile: compileEncode },
};
