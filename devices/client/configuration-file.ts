import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type DeviceConfiguration, printConfiguration, readDesired } from './device-configuration.ts';

/** What a shadow said last, so that a device that starts without a connection does as it did. */
export function readConfiguration(path: string, fallback: DeviceConfiguration): DeviceConfiguration {
  try {
    return readDesired(JSON.parse(readFileSync(path, 'utf8')), fallback).configuration;
  } catch {
    // Absent at the first start; a file that cannot be read is written anew at the next change.
    return fallback;
  }
}

/** Replaces the file as a whole. A disk that does not take it is reported: the configuration counts all the same. */
export function writeConfiguration(
  path: string,
  configuration: DeviceConfiguration,
  report: (text: string) => void,
): void {
  try {
    writeFileSync(`${path}.new`, JSON.stringify(printConfiguration(configuration)), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    report(`Cannot keep the configuration in "${path}": ${(error as Error).message}`);
  }
}
