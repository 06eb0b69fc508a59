import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  buildPage,
  launchBrowser,
  openPage,
  type PageOptions,
  shouldRunBrowserTests,
  type WatchedPage,
} from './browser.ts';
import { textContrasts } from './contrast.ts';
import { createFleet, type FixtureFleet, type FixtureSensor } from './fixture-fleet.ts';
import { type FixtureOptions, type FixtureRuntime, startFixture } from './fixture-runtime.ts';

/** The page may take a moment on a busy machine. */
function eventually<Value>(read: () => Value) {
  return expect.poll(read, { timeout: 10_000 });
}

const noSideScroll = 'document.documentElement.scrollWidth <= document.documentElement.clientWidth';

describe.runIf(shouldRunBrowserTests())('the live page', () => {
  let browser: Browser;
  let built: Awaited<ReturnType<typeof buildPage>>;
  const started: FixtureRuntime[] = [];
  const opened: WatchedPage[] = [];

  beforeAll(async () => {
    built = await buildPage();
    browser = await launchBrowser();
  });
  afterEach(async () => {
    for (const { page } of opened.splice(0)) await page.context().close();
    for (const fixture of started.splice(0)) await fixture.stop();
  });
  afterAll(async () => {
    await browser.close();
    await built.remove();
  });

  async function start(fleet: FixtureFleet, options: Partial<FixtureOptions> = {}): Promise<FixtureRuntime> {
    const fixture = await startFixture({ distFolder: built.folder, fleet, ...options });
    started.push(fixture);
    return fixture;
  }
  async function open(fixture: FixtureRuntime, hash = '', options: PageOptions = {}): Promise<WatchedPage> {
    const watched = await openPage(browser, fixture.url + hash, options);
    opened.push(watched);
    await watched.page.locator('#status[data-connection="live"]').waitFor();
    return watched;
  }

  it('shows the newest value of a station and changes it without reload', async () => {
    const { page, complaints } = await open(await start(createFleet(10)), '#station=AMW1');
    const value = page.locator('[data-sensor="AMW1-wind"] .value');
    await value.waitFor();
    const before = await value.textContent();
    await expect.poll(() => value.textContent(), { timeout: 8_000 }).not.toBe(before);
    await eventually(() => page.locator('#station-rows tr').count()).toBe(10);
    await eventually(() => page.locator('#readings-title').textContent()).toBe('ames · AMW1, iowa');
    expect(await page.locator('#fact-sensors').textContent()).toBe('50');
    expect(complaints).toEqual([]);
  });

  it('draws history, marks the open window, and makes it a closed one when it closes', async () => {
    const fixture = await start(createFleet(3), { historyWindows: 12 });
    const { page } = await open(fixture, '#station=AMW1');
    const chart = page.locator('.chart-card').first();
    const rows = page.locator('#window-rows tr');
    await eventually(() => chart.getAttribute('data-closed')).toBe('12');
    await page.locator('#window-rows tr[data-open]').waitFor();
    await page.locator('.chart-card[data-open]').first().waitFor();
    const openBefore = await chart.getAttribute('data-open');
    expect(await rows.first().textContent()).toContain('open');
    const openLabel = (await rows.first().locator('th span').first().textContent()) ?? '';

    fixture.closeWindow();
    await eventually(() => chart.getAttribute('data-closed')).toBe('13');
    await eventually(() => rows.nth(1).locator('th span').first().textContent()).toBe(openLabel);
    expect(await rows.nth(1).getAttribute('data-open')).toBeNull();
    expect(await rows.nth(1).locator('td').nth(3).textContent()).toBe('60');
    await eventually(() => chart.getAttribute('data-open')).toBe(String(Number(openBefore) + 60_000));
  });

  it('summarises the last closed window by state and by station', async () => {
    const { page } = await open(await start(createFleet(10)));
    await eventually(() => page.locator('#summary-rows tr').count()).toBe(5);
    await eventually(() => page.locator('#summary-rows tr').first().textContent()).toMatch(/^iowa10 of 10/);
    await page.locator('#summary-by-station').click();
    await eventually(() => page.locator('#summary-rows tr').count()).toBe(10);
  });

  it('marks a sensor that stopped sending, and lists only silent stations on request', async () => {
    const fixture = await start(createFleet(4));
    const { page } = await open(fixture, '#station=AMW1');
    const card = page.locator('[data-sensor="AMW1-temp"]');
    await card.waitFor();
    expect(await page.locator('#fact-silent').textContent()).toBe('0');
    fixture.silence('AMW1-temp');
    await expect.poll(() => card.getAttribute('data-silent'), { timeout: 20_000 }).toBe('all');
    expect(await card.locator('.age').textContent()).toMatch(/^silent: nothing for more than \d+ s, last/);
    expect(await page.locator('#fact-silent').textContent()).toBe('1');
    await page.locator('#only-silent').click();
    await eventually(() => page.locator('#station-rows tr').count()).toBe(1);
    expect(await page.locator('#station-rows td[data-silent]').count()).toBe(1);
  });

  it('says that the runtime is away, and after its restart shows history and new values without reload', async () => {
    const fleet = createFleet(3);
    const first = await start(fleet, { historyWindows: 5 });
    const { page } = await open(first, '#station=AMW1');
    await eventually(() => page.locator('.chart-card').first().getAttribute('data-closed')).toBe('5');
    await page.evaluate('window.stillTheSamePage = true');
    await first.stop();
    started.length = 0;
    await page.locator('[data-notice="away"]').waitFor();
    expect(await page.locator('#status').getAttribute('data-connection')).toBe('reconnecting');

    const second = await start(fleet, { port: first.port, historyWindows: 9 });
    await page.locator('#status[data-connection="live"]').waitFor({ timeout: 20_000 });
    await page.locator('[data-notice="restarted"]').waitFor();
    await eventually(() => page.locator('.chart-card').first().getAttribute('data-closed')).toBe('9');
    expect(second.requests.some((path) => path.startsWith('/v1/windows?station_id=AMW1'))).toBe(true);
    expect(await page.evaluate('window.stillTheSamePage')).toBe(true);
  });

  it('calls its numbers stale when the stream stands still', async () => {
    const fixture = await start(createFleet(2));
    const { page } = await open(fixture);
    fixture.pause();
    await page.locator('#status[data-connection="stale"]').waitFor({ timeout: 12_000 });
    await page.locator('[data-notice="stale"]').waitFor();
  });

  it('shows names from the network as text, whatever they contain', async () => {
    const nasty = '<script>window.broken = 1</script><img src=x onerror="window.broken = 2">';
    const sensor: FixtureSensor = {
      sensor_id: `s-${nasty}`,
      sensor: nasty,
      station_id: `A${nasty}`,
      state: nasty,
      city: nasty,
    };
    const fixture = await start(createFleet(1, [sensor]));
    const { page, complaints } = await open(fixture, `#station=${encodeURIComponent(sensor.station_id)}`);
    await eventually(() => page.locator('#readings-title').textContent()).toContain(nasty);
    fixture.alert({ ...sensor, time: Date.now(), kind: 'above', value: 1, threshold: 0, message: nasty });
    await eventually(() => page.locator('#alert-rows').textContent()).toContain(nasty);
    expect(await page.evaluate('window.broken ?? null')).toBeNull();
    expect(await page.locator('img, #page script').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('tells how to publish when no device has spoken, and fills itself when one does', async () => {
    const fixture = await start(createFleet(0));
    const { page } = await open(fixture);
    await eventually(() => page.locator('#publish-command').textContent()).toContain(
      'mqtt pub -h 127.0.0.1 -p 18830 -q 1 -t weather/',
    );
    expect(await page.locator('#publish-command').textContent()).not.toContain('--cert');
    const rows = [['AMW-T1', 'temperature', 'AMW', 'iowa', 'ames', Date.now(), 21.4]];
    fixture.send('readings', { nowMillis: Date.now(), rows });
    await eventually(() => page.locator('.card .value').textContent()).toBe('21.4');
    expect(await page.locator('#empty').isVisible()).toBe(false);
  });

  it('shows new alerts first, and the ledger with its reasons and checks', async () => {
    const fixture = await start(createFleet(1));
    const { page } = await open(fixture);
    const alert = {
      sensor_id: 'AMW1-temp',
      sensor: 'temperature',
      station_id: 'AMW1',
      value: 36,
      threshold: 35,
    };
    fixture.alert({ ...alert, time: Date.now() - 2000, kind: 'above', message: 'first' });
    fixture.alert({ ...alert, time: Date.now() - 1000, kind: 'normal', message: 'second' });
    await eventually(() => page.locator('#alert-rows li').count()).toBe(2);
    expect(await page.locator('#alert-rows li').first().textContent()).toContain('second');
    await eventually(() => page.locator('#outcome-rejected').textContent()).toContain(
      '12 not-json the payload is no JSON',
    );
    expect(await page.locator('#stage-rows tr').allTextContents()).toEqual(
      expect.arrayContaining([expect.stringContaining('adds up')]),
    );
  });

  it('keeps the filter in the address, by keyboard, and goes back with the browser', async () => {
    const { page } = await open(await start(createFleet(10)));
    await eventually(() => page.locator('#filter-state option').count()).toBe(6);
    await page.locator('#filter-state').selectOption('texas');
    await eventually(() => page.locator('#station-rows tr').count()).toBe(2);
    expect(new URL(page.url()).hash).toBe('#state=texas');
    await page.locator('#station-rows a').first().focus();
    await page.keyboard.press('Enter');
    await eventually(() => new URL(page.url()).hash).toBe('#state=texas&station=AMA1');
    await eventually(() => page.locator('.card').count()).toBe(5);
    await page.locator('#filter-sensor').selectOption('pressure');
    await eventually(() => page.locator('.card').count()).toBe(1);
    await page.goBack();
    await eventually(() => page.locator('.card').count()).toBe(5);
    await page.locator('#filter-query').fill('lubb');
    await eventually(() => page.locator('#station-rows tr').count()).toBe(1);
  });

  it('stays usable with ten thousand sensors', async () => {
    const fixture = await start(createFleet(2000), { historyWindows: 3 });
    const { page, complaints } = await open(fixture);
    await expect.poll(() => page.locator('#fact-sensors').textContent(), { timeout: 20_000 }).toBe('10,000');
    expect(await page.locator('#station-rows tr').count()).toBe(50);
    await page.locator('[data-notice="sampled"]').waitFor();
    expect(await page.locator('#fact-silent').textContent()).toBe('0');
    const longest = await longestPause(page, 4_000);
    expect(longest).toBeLessThan(600);
    await page.locator('#filter-query').fill('OUN77');
    await eventually(() => page.locator('#station-rows tr').count()).toBe(1);
    await page.locator('#station-rows a').click();
    await eventually(() => page.locator('.chart-card').first().getAttribute('data-closed')).toBe('3');
    await eventually(() => fixture.requests).toContain('/v1/live?station_id=OUN77');
    expect(complaints).toEqual([]);
  });

  it.each([
    [360, 'light'],
    [360, 'dark'],
    [1440, 'light'],
    [1440, 'dark'],
  ] as const)(
    'is readable at %d px in %s: AA contrast, no sideways scroll, nothing complained',
    async (width, colorScheme) => {
      const fixture = await start(createFleet(10));
      fixture.silence('AMW1-temp');
      const { page, complaints } = await open(fixture, '#station=AMW1', { width, height: 800, colorScheme });
      fixture.alert({
        time: Date.now(),
        sensor_id: 'AMW1-temp',
        sensor: 'temperature',
        station_id: 'AMW1',
        kind: 'above',
        value: 36,
        threshold: 35,
        message: 'above 35',
      });
      await page.locator('.card[data-silent]').waitFor({ timeout: 20_000 });
      await page.locator('#window-rows tr[data-open]').waitFor();
      expect(await page.evaluate(noSideScroll)).toBe(true);
      const contrasts = await textContrasts(page);
      expect(contrasts.length).toBeGreaterThan(100);
      expect(contrasts.filter(({ ratio, least }) => ratio < least)).toEqual([]);
      expect(complaints).toEqual([]);
    },
  );

  it('changes theme by its button and keeps the choice', async () => {
    const { page } = await open(await start(createFleet(1)));
    const ground = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await ground();
    await page.locator('#theme').click();
    await page.locator('#theme').click();
    expect(await page.locator('#theme').textContent()).toBe('Theme: dark');
    expect(await ground()).not.toBe(light);
    await page.reload();
    await page.locator('#status[data-connection="live"]').waitFor();
    expect(await ground()).not.toBe(light);
  });

  it('gives every landmark and control a name', async () => {
    const { page } = await open(await start(createFleet(2)), '#station=AMW1');
    await page.locator('#window-rows tr[data-open]').waitFor();
    const tree = await page.locator('body').ariaSnapshot();
    for (const part of [
      'banner',
      'main',
      'search "What to show"',
      'complementary "Stations and alerts"',
      'region "Service"',
    ]) {
      expect(tree).toContain(part);
    }
    expect(tree).not.toMatch(/^\s*- (button|combobox|searchbox|link)(:| \[|$)/m);
  });
});

/** The longest time between two frames while the page runs. */
function longestPause(page: Page, millis: number): Promise<number> {
  return page.evaluate(`new Promise((resolve) => {
    const start = performance.now();
    let last = start;
    let longest = 0;
    const step = (now) => {
      longest = Math.max(longest, now - last);
      last = now;
      if (now - start > ${millis}) resolve(longest);
      else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  })`);
}
