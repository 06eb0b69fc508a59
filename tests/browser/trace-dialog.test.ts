import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildPage, launchBrowser, openPage, type PageOptions, shouldRunBrowserTests } from './browser.ts';
import { textContrasts } from './contrast.ts';
import { createFleet, type FixtureSensor } from './fixture-fleet.ts';
import { type FixtureRuntime, startFixture } from './fixture-runtime.ts';

const noSideScroll = 'document.documentElement.scrollWidth <= innerWidth';

describe.runIf(shouldRunBrowserTests())('the trace on the live page', () => {
  let browser: Browser;
  let built: Awaited<ReturnType<typeof buildPage>>;
  const started: FixtureRuntime[] = [];

  beforeAll(async () => {
    [built, browser] = await Promise.all([buildPage(), launchBrowser()]);
  });
  afterAll(async () => {
    await browser.close();
    await built.remove();
  });
  afterEach(async () => {
    for (const fixture of started.splice(0)) await fixture.stop();
    for (const context of browser.contexts()) await context.close();
  });

  async function open(extra: readonly FixtureSensor[] = [], station = 'AMW1', options: PageOptions = {}) {
    const fixture = await startFixture({ distFolder: built.folder, fleet: createFleet(2, extra) });
    started.push(fixture);
    const opened = await openPage(browser, `${fixture.url}#station=${encodeURIComponent(station)}`, options);
    await opened.page.locator('.card .trace-open').first().waitFor();
    return { fixture, ...opened };
  }

  it('opens from a sensor by keyboard, shows where each message went, and gives the focus back', async () => {
    const { page, complaints } = await open();
    const button = page.locator('[data-sensor="AMW1-temp"] .trace-open');
    expect(await button.getAttribute('aria-label')).toBe('Trace the messages of AMW1-temp');
    await button.focus();
    await page.keyboard.press('Enter');
    await page.locator('#trace .trace-message').nth(1).waitFor();
    expect(await page.locator('#trace-title').textContent()).toBe('Where did the messages of AMW1-temp go?');
    const [first, second] = [page.locator('.trace-message').nth(0), page.locator('.trace-message').nth(1)];
    expect(await first.locator('.trace-state').textContent()).toBe('✓ arrived');
    expect(await first.locator('.trace-steps').first().textContent()).toContain('function store-readings');
    expect(await first.locator('.trace-event').textContent()).toMatch(/^event uN2h/);
    expect(await second.getAttribute('open')).toBeNull();
    await second.locator('summary').focus();
    await page.keyboard.press('Enter');
    expect(await second.locator('li[data-state="stopped"]').first().isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    expect(await page.locator('#trace').isVisible()).toBe(false);
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe(
      'Trace the messages of AMW1-temp',
    );
    expect(complaints).toEqual([]);
  });

  it('has no trace button where a card stands for several sensors', async () => {
    const { page } = await open();
    await page.evaluate("location.hash = ''");
    await page.locator('.card .foot', { hasText: 'mean of' }).first().waitFor();
    expect(await page.locator('.card .trace-open:visible').count()).toBe(0);
  });

  it('says why it shows nothing when the runtime has gone', async () => {
    const { fixture, page } = await open();
    await fixture.stop();
    started.length = 0;
    await page.locator('.card .trace-open').first().click();
    await expect.poll(() => page.locator('#trace-status').textContent()).toMatch(/fetch/i);
    expect(await page.locator('#trace-again').isEnabled()).toBe(true);
  });

  it('shows names from the network as text', async () => {
    const nasty = '<img src=x onerror="window.broken = 2">';
    const sensor = { sensor_id: nasty, sensor: nasty, station_id: 'S', state: nasty, city: nasty };
    const { page, complaints } = await open([sensor], 'S');
    await page.locator('.card .trace-open').first().click();
    await page.locator('.trace-message').first().waitFor();
    expect(await page.locator('.trace-topic').first().textContent()).toContain(nasty);
    expect(await page.evaluate('window.broken ?? null')).toBeNull();
    expect(complaints).toEqual([]);
  });

  it.each([
    [360, 'light'],
    [360, 'dark'],
    [1440, 'light'],
    [1440, 'dark'],
  ] as const)('is readable at %d px in %s', async (width, colorScheme) => {
    const { page, complaints } = await open([], 'AMW1', { width, height: 780, colorScheme });
    await page.locator('.card .trace-open').first().click();
    await page.locator('.trace-message').nth(1).locator('summary').click();
    expect(await page.evaluate(noSideScroll)).toBe(true);
    expect(
      await page.evaluate(
        'document.getElementById("trace").scrollWidth <= document.getElementById("trace").clientWidth',
      ),
    ).toBe(true);
    const contrasts = await textContrasts(page);
    expect(contrasts.filter(({ ratio, least }) => ratio < least)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
