import { fetchMqttAddress, fetchTrace } from './live/api.ts';
import { createHistory } from './live/history.ts';
import { openLiveStream } from './live/live-stream.ts';
import { applyEvent, type PageEvent } from './model/apply-event.ts';
import { createPageState } from './model/page-state.ts';
import type { MqttAddress } from './model/publish-command.ts';
import { createScope } from './model/scope.ts';
import { isSampled, pollMillis, runtimeNow } from './model/silence.ts';
import { parseHash, printHash, type ViewFilter } from './model/view-filter.ts';
import { createPage } from './view/page.ts';
import { createScheduler } from './view/scheduler.ts';

/** At most four drawings a second; charts draw at most two. */
const drawMillis = 250;
const agesMillis = 1_000;
const missingMillis = 5_000;
/** `open` events carry 500 rows at most: with more sensors the page asks for those of the chosen station. */
const mostOpenRows = 500;

const state = createPageState();
const scopeOf = createScope();
let filter = parseHash(location.hash);
let mqttAddress: MqttAddress | undefined;

const page = createPage({ onFilter: choose, askTrace: fetchTrace, mqttAddress: () => mqttAddress });
document.getElementById('page')?.replaceWith(page.element);
const schedule = createScheduler(draw, drawMillis);
const history = createHistory((event) => dispatch(event));
const stream = openLiveStream((event) => dispatch(event));

addEventListener('hashchange', () => show(parseHash(location.hash)));
setInterval(schedule, agesMillis);
setInterval(pollSampled, pollMillis);
setInterval(pollMissing, missingMillis);
schedule();

function dispatch(event: PageEvent): void {
  const wasConnected = state.connected;
  applyEvent(state, event, Date.now());
  if (state.connected && !wasConnected) void reload();
  schedule();
}

/** After every (re)connect: what was measured meanwhile comes from the API, then the stream goes on. */
async function reload(): Promise<void> {
  history.reset();
  void fetchMqttAddress(AbortSignal.timeout(5_000)).then(
    (address) => {
      mqttAddress = address;
    },
    () => {
      mqttAddress = undefined;
    },
  );
  await history.loadCatalog();
  await loadView();
}

async function loadView(): Promise<void> {
  if (!state.connected) return;
  const now = runtimeNow(state, Date.now());
  const chosen = state.stations.get(filter.station);
  stream.watchStation(chosen && state.sensors.size > mostOpenRows ? chosen.id : '');
  if (chosen) await history.loadSamples([...chosen.sensors.values()].slice(0, 24), now);
  if (chosen) await history.loadStations([chosen], now);
  await history.loadStations(scopeOf(state, filter).stations, now);
}

/**
 * A reading that was accepted just before this page connected may be stored only after it loaded the list of sensors:
 * while a sensor is known by its windows but has no value, the list is asked for again.
 */
function pollMissing(): void {
  const isMissing = [...state.sensors.values()].some((sensor) => Number.isNaN(sensor.time));
  if (state.connected && isMissing) void history.pollSensors({});
}

function pollSampled(): void {
  if (state.connected && isSampled(state, runtimeNow(state, Date.now()))) void history.pollSensors(filter);
}

function choose(next: ViewFilter): void {
  const isTyping = next.query !== filter.query;
  const hash = printHash(next);
  if (isTyping) window.history.replaceState(null, '', hash);
  else window.history.pushState(null, '', hash);
  show(next);
}

function show(next: ViewFilter): void {
  filter = next;
  schedule();
  void loadView();
}

function draw(): void {
  page.update(state, filter, scopeOf(state, filter), Date.now());
}
