import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildServedPage, launchBrowser, openPage, shouldRunBrowserTests } from './browser.ts';
import { type RuntimeProcess, startRuntime } from './runtime-process.ts';

describe.runIf(shouldRunBrowserTests())('the live page of the running pipeline', () => {
  let browser: Browser;
  let data: string;
  const running: RuntimeProcess[] = [];

  beforeAll(async () => {
    await buildServedPage();
    browser = await launchBrowser();
    data = await mkdtemp(join(tmpdir(), 'mesonet-page-'));
  });
  afterAll(async () => {
    await browser.close();
    for (const runtime of running) await runtime.stop();
    await rm(data, { recursive: true, force: true });
  });

  async function start(options: Omit<Parameters<typeof startRuntime>[0], 'data'>): Promise<RuntimeProcess> {
    const runtime = await startRuntime({ data, ...options });
    running.push(runtime);
    return runtime;
  }

  it('shows a published message, says why a bad one is missing, and goes on after kill -9', {
    timeout: 150_000,
  }, async () => {
    const first = await start({ stations: 4 });
    const { page, complaints } = await openPage(browser, first.ready.dashboard);
    await page.locator('#status[data-connection="live"]').waitFor();
    await expect.poll(() => page.locator('#station-rows tr').count(), { timeout: 20_000 }).toBe(4);
    await page.locator('#window-rows tr[data-open]').waitFor({ timeout: 10_000 });
    const clock = await page.locator('#clock').textContent();
    await expect.poll(() => page.locator('#clock').textContent(), { timeout: 10_000 }).not.toBe(clock);

    const client = await mqtt.connectAsync(`mqtt://${first.ready.mqtt.host}:${first.ready.mqtt.port}`);
    const reading = {
      sensor_timestamp: Date.now(),
      sensor_value: 21.4,
      sensor_value_smoothed: 21.4,
      direction: 0,
    };
    await client.publishAsync('weather/iowa/ames/AMW/temperature/AMW-T1', JSON.stringify(reading), {
      qos: 1,
    });
    await client.publishAsync('weather/iowa/ames/AMW/temperature/AMW-T1', '{"sensor_value":', { qos: 1 });
    await client.endAsync();
    await page.locator('tr[data-station="AMW"] a').click();
    await expect
      .poll(() => page.locator('[data-sensor="AMW-T1"] .value').textContent(), { timeout: 10_000 })
      .toBe('21.4');
    await expect
      .poll(() => page.locator('.outcome[data-any]').count(), { timeout: 20_000 })
      .toBeGreaterThan(0);

    await page.locator('[data-sensor="AMW-T1"] .trace-open').click();
    await expect.poll(() => page.locator('.trace-message').count(), { timeout: 10_000 }).toBe(2);
    const [bad, good] = [page.locator('.trace-message').nth(0), page.locator('.trace-message').nth(1)];
    expect(await bad.locator('.trace-state').textContent()).toBe('✗ stopped');
    expect(await bad.locator('.trace-summary').textContent()).toMatch(
      /^rule telemetry: WHERE .* is not JSON$/,
    );
    await good.locator('summary').click();
    expect(await good.locator('.trace-steps').first().textContent()).toContain('application weather-windows');
    await page.locator('#trace-close').click();

    await page.evaluate('window.stillTheSamePage = true');
    await first.kill();
    await page.locator('[data-notice="away"]').waitFor();
    const port = Number(new URL(first.ready.http).port);
    const second = await start({ stations: 4, httpPort: port, mqttPort: first.ready.mqtt.port });
    await page.locator('#status[data-connection="live"]').waitFor({ timeout: 20_000 });
    expect(await page.locator('[data-sensor="AMW-T1"] .value').textContent()).toBe('21.4');
    expect(await page.evaluate('window.stillTheSamePage')).toBe(true);
    // A page that is loaded anew knows what the tables hold, and the function may have been killed before it stored that.
    const latest = `${second.ready.http}/v1/sensors/AMW-T1/latest`;
    await expect.poll(async () => (await fetch(latest)).status, { timeout: 60_000 }).toBe(200);
    await page.reload();
    await expect
      .poll(() => page.locator('[data-sensor="AMW-T1"] .value').textContent(), { timeout: 20_000 })
      .toBe('21.4');
    const refused = /ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING)/;
    expect(complaints.filter((complaint) => !refused.test(complaint))).toEqual([]);
  });
});
