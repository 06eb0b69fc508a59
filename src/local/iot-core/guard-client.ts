import type { EventEmitter } from 'node:events';
import type { Client } from 'aedes';
import { subscribeProblemOf } from './publish-limits.ts';
import { RefusedError } from './refusal.ts';

interface IncomingPacket {
  readonly cmd: string;
  subscriptions?: { readonly topic: string; readonly qos: number }[];
}

/** Looks at the packets of a client before the broker does, and cuts whoever sends what the service does not answer. */
export function guardClient(client: Client, onRefused: (reason: string) => void): void {
  const parser = (client as unknown as { _parser: EventEmitter })._parser;
  parser.prependListener('packet', (packet: IncomingPacket) => {
    if (packet.cmd !== 'subscribe' || !packet.subscriptions) return;
    const problem = subscribeProblemOf(packet.subscriptions);
    if (problem === undefined) return;
    packet.subscriptions = [];
    onRefused(problem);
    client.emit('error', new RefusedError(problem));
  });
}
