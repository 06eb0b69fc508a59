import type { DescMessage, FileRegistry } from '@bufbuild/protobuf';
import type { JsonValue, ProtobufQuery } from '../../iot-sql/index.ts';
import { LocalError } from '../local-error.ts';

/** Decodes messages by descriptor sets that lie in buckets. */
export type DecodeProtobuf = (query: ProtobufQuery) => Promise<JsonValue | undefined>;

interface ProtobufDecoderOptions {
  readonly readObject: (bucketName: string, key: string) => Promise<{ etag: string; bytes: Uint8Array }>;
}

/** AWS IoT quotas: size of a descriptor file. */
const MAX_DESCRIPTOR_BYTES = 2 * 1024 * 1024;

/**
 * `decode(…, 'proto', …)` (AWS IoT developer guide, binary-payloads, "Decoding protobuf message payloads"): the message
 * by Protobuf's own JSON mapping. A descriptor set is read anew only when the object has changed. The library is loaded by
 * the first call.
 */
export function createProtobufDecoder({ readObject }: ProtobufDecoderOptions): DecodeProtobuf {
  const registries = new Map<string, { etag: string; registry: FileRegistry }>();
  return async ({ base64, bucket, descriptor, file, messageType }) => {
    const { etag, bytes } = await readObject(bucket, descriptor);
    const { fromBinary, toJson } = await import('@bufbuild/protobuf');
    const key = `${bucket}/${descriptor}`;
    let kept = registries.get(key);
    if (kept?.etag !== etag) {
      kept = { etag, registry: await parseDescriptorSet(key, bytes) };
      registries.set(key, kept);
    }
    const message = findMessage(kept.registry, file, messageType);
    const decoded = fromBinary(message, Buffer.from(base64, 'base64'));
    return toJson(message, decoded, { registry: kept.registry }) as JsonValue;
  };
}

async function parseDescriptorSet(name: string, bytes: Uint8Array): Promise<FileRegistry> {
  if (bytes.length > MAX_DESCRIPTOR_BYTES)
    throw new LocalError(
      `Cannot read the descriptor '${name}': it has ${bytes.length} bytes, at most ${MAX_DESCRIPTOR_BYTES} are allowed`,
    );
  const [{ createFileRegistry, fromBinary }, { FileDescriptorSetSchema }] = await Promise.all([
    import('@bufbuild/protobuf'),
    import('@bufbuild/protobuf/wkt'),
  ]);
  try {
    return createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
  } catch (cause) {
    throw new LocalError(`Cannot read the descriptor '${name}': ${(cause as Error).message}`, { cause });
  }
}

/** A message by its name in its file, with or without the package in front. */
function findMessage(registry: FileRegistry, file: string, messageType: string): DescMessage {
  const found = registry.getFile(file) ?? [...registry.files].find(({ name }) => `${name}.proto` === file);
  const message = found?.messages.find(
    ({ name, typeName }) => name === messageType || typeName === messageType,
  );
  if (!message) throw new LocalError(`Cannot find message '${messageType}' of '${file}' in the descriptor`);
  return message;
}
