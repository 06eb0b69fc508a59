/**
 * An electricity meter that speaks HTTP: a reading every second, posted by the minute as NDJSON, again until it is accepted.
 * The identity makes a repeated post harmless for what is stored. What is not posted is in memory: a cut of the power loses it.
 *
 * Here: API=http://127.0.0.1:8080 TOKEN=<as printed by npm start> node devices/examples/http-meter.ts
 * On AWS the route is signed with IAM: put a signing proxy before it, or use the MQTT client with a certificate.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

const { API = 'http://127.0.0.1:8080', TOKEN = '', METER = 'meter-7', COUNT = 'Infinity' } = process.env;
const POST_SECONDS = Number(process.env.POST_SECONDS ?? 60);
/** About 1 MB, the largest body. */
const MAX_LINES = 4_000;
const identity = { device_id: METER, boot_id: randomUUID() };
const lines: string[] = [];

async function post(): Promise<void> {
  for (let attempt = 0; lines.length > 0; attempt++) {
    const body = lines.slice(0, MAX_LINES);
    const headers = { authorization: `Bearer ${TOKEN}` };
    const request = { method: 'POST', headers, body: body.join('\n'), signal: AbortSignal.timeout(10_000) };
    const status = await fetch(`${API}/v1/readings`, request).then(
      (answer) => answer.status,
      (error: Error) => error.message,
    );
    if (status === 200) {
      lines.splice(0, body.length);
      attempt = -1;
      continue;
    }
    console.error(`Cannot post ${body.length} readings: ${status}`);
    await wait(Math.random() * Math.min(60_000, 1000 * 2 ** attempt));
  }
}

let posted = Promise.resolve();
for (let sequence = 0; sequence < Number(COUNT); sequence++) {
  const place = { state: 'WA', city: 'Seattle', station_id: METER, sensor: 'power', sensor_id: `${METER}-p` };
  const watts = Math.round(230 + 20 * Math.sin(sequence / 60));
  lines.push(
    JSON.stringify({ ...place, ...identity, sequence, sensor_timestamp: Date.now(), sensor_value: watts }),
  );
  if (sequence % POST_SECONDS === POST_SECONDS - 1) posted = posted.then(post);
  await wait(1000);
}
await posted.then(post);
