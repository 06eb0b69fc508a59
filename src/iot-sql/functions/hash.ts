import { createHash } from 'node:crypto';
import { toText } from '../conversion.ts';
import type { Value } from '../value.ts';
import type { FunctionSpec, FunctionTable } from './function-spec.ts';
import { md2 } from './md2.ts';

function ofDigest(digest: (text: string) => string): FunctionSpec {
  const evaluate = (value: Value) => {
    const text = toText(value);
    return text === undefined ? undefined : digest(text);
  };
  return { minArguments: 1, maxArguments: 1, evaluate };
}

function ofAlgorithm(algorithm: string): FunctionSpec {
  return ofDigest((text) => createHash(algorithm).update(text, 'utf8').digest('hex'));
}

/** Digests of the UTF-8 text in lower-case hex (AWS IoT developer guide, iot-sql-functions, "Hashing functions"). */
export const HASH_FUNCTIONS: FunctionTable = {
  md2: ofDigest((text) => Buffer.from(md2(Buffer.from(text, 'utf8'))).toString('hex')),
  md5: ofAlgorithm('md5'),
  sha1: ofAlgorithm('sha1'),
  sha224: ofAlgorithm('sha224'),
  sha256: ofAlgorithm('sha256'),
  sha384: ofAlgorithm('sha384'),
  sha512: ofAlgorithm('sha512'),
};
