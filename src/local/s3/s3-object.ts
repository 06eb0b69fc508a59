/** What S3 keeps about an object beside its bytes. */
export interface ObjectMetadata {
  readonly key: string;
  readonly etag: string;
  readonly storageClass: string;
  /** Headers that come back with the object, for example `content-type`; lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Without the prefix `x-amz-meta-`. */
  readonly userMetadata: Readonly<Record<string, string>>;
}

/** An object as it lies in its bucket. */
export interface StoredObject extends ObjectMetadata {
  readonly size: number;
  readonly modifiedMillis: number;
  /** Absolute path of the file that holds exactly the object's bytes. */
  readonly file: string;
}

export const DEFAULT_STORAGE_CLASS = 'STANDARD';
export const DEFAULT_CONTENT_TYPE = 'binary/octet-stream';
