import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';

const executablePath = '/usr/bin/chromium';
const launchArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const root = fileURLToPath(new URL('../../', import.meta.url));
export const hasChromium = existsSync(executablePath);

/** Browser tests are left out, saying so, where there is no chromium; in CI that is a failure. */
export function shouldRunBrowserTests(): boolean {
  if (hasChromium || process.env.CI === 'true') return true;
  process.stderr.write(`Skip browser tests: no chromium at ${executablePath} (apt-get install chromium)\n`);
  return false;
}

/** Builds the page as it is delivered, into a folder that `remove` deletes: no other test sees it change. */
export async function buildPage(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'mesonet-dist-'));
  await buildInto(folder);
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Builds the page where the runtime serves it from, unless what lies there is newer than every source. */
export async function buildServedPage(): Promise<void> {
  const folder = `${root}dashboard/dist`;
  const built = await stat(`${folder}/index.html`).catch(() => undefined);
  if (!built || built.mtimeMs < (await newestSourceMillis())) await buildInto(folder);
}

async function buildInto(outDir: string): Promise<void> {
  const configFile = `${root}dashboard/vite.config.ts`;
  await build({ root: `${root}dashboard`, configFile, logLevel: 'warn', build: { outDir } });
}

async function newestSourceMillis(): Promise<number> {
  const entries = await readdir(`${root}dashboard`, { recursive: true, withFileTypes: true });
  const sources = entries.filter(
    (entry) => entry.isFile() && !entry.parentPath.startsWith(`${root}dashboard/dist`),
  );
  const times = await Promise.all(
    sources.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).mtimeMs),
  );
  return Math.max(...times);
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, args: launchArguments });
}

/** A page, and everything it complained about: console errors, exceptions, refused content, foreign requests. */
export interface WatchedPage {
  readonly page: Page;
  readonly complaints: string[];
}

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
}

/** Opens a new browser context of one size and theme. */
export async function openPage(
  browser: Browser,
  url: string,
  options: PageOptions = {},
): Promise<WatchedPage> {
  const { width = 1440, height = 900, colorScheme = 'light' } = options;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin)
      complaints.push(`foreign request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, complaints };
}
