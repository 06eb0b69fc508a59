import { createHash } from 'node:crypto';
import { realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpoolError } from '../device-error.ts';

/**
 * Holds a spool for one process. A listening local socket, because the kernel closes it whatever way the process ends; a file
 * with a process id would keep a device out of its own spool when the id is somebody else's after a power cut.
 * @throws SpoolError when another process has it
 */
export async function lockSpool(folder: string): Promise<{ release(): Promise<void> }> {
  const address = lockAddress(realpathSync(folder));
  let server = await listen(address);
  if (!server && address.startsWith(tmpdir()) && !(await isAnswered(address))) {
    rmSync(address, { force: true });
    server = await listen(address);
  }
  if (!server) throw new SpoolError(`Cannot open the spool "${folder}": another process is using it`);
  const held = server.unref();
  return { release: () => new Promise((resolve) => held.close(() => resolve())) };
}

function lockAddress(folder: string): string {
  const name = `mesonet-spool-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`;
  if (process.platform === 'linux') return `\0${name}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(address, () => resolve(server));
  });
}

/** Where such sockets are files, one that nobody answers is left over from a process that was killed. */
function isAnswered(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
