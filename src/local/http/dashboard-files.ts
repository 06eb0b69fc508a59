import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { LocalError } from '../local-error.ts';

/** Builds the page when that was not done since its sources changed. @throws LocalError with the bundler's words when it does not build */
export async function buildDashboard(projectFolder: string): Promise<string> {
  const root = join(projectFolder, 'dashboard');
  const folder = join(root, 'dist');
  if (isUpToDate(root, join(folder, 'index.html'))) return folder;
  const { build } = await import('vite');
  try {
    await build({ root, configFile: join(root, 'vite.config.ts'), logLevel: 'error' });
  } catch (cause) {
    throw new LocalError(`Cannot build the page: ${(cause as Error).message}`, { cause });
  }
  return folder;
}

function isUpToDate(root: string, built: string): boolean {
  if (!existsSync(built)) return false;
  const builtMillis = statSync(built).mtimeMs;
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !join(entry.parentPath, entry.name).startsWith(join(root, 'dist')))
    .every((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs <= builtMillis);
}

/** Serves the built page. Returns false when there is no such file. */
export function serveDashboard(folder: string, request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false;
  const file = fileOf(folder, request.url ?? '/');
  if (!file) return false;
  const isHashed = file.includes(`${sep}assets${sep}`);
  response.writeHead(200, {
    'content-type': CONTENT_TYPES[extname(file)] ?? 'application/octet-stream',
    'content-length': statSync(file).size,
    'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  if (request.method === 'HEAD') response.end();
  else createReadStream(file).pipe(response);
  return true;
}

function fileOf(folder: string, url: string): string | undefined {
  const path = decodePath(url);
  if (path === undefined) return undefined;
  const file = normalize(join(folder, path.endsWith('/') ? `${path}index.html` : path));
  if (!file.startsWith(folder + sep) || !existsSync(file) || !statSync(file).isFile()) return undefined;
  return file;
}

function decodePath(url: string): string | undefined {
  try {
    const path = decodeURIComponent(url.split('?', 1)[0]!);
    return path.includes('\0') ? undefined : path;
  } catch {
    return undefined;
  }
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
};
