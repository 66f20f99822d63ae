import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly contentType: string;
  readonly body: Record<string, unknown>;
  readonly bytes: number;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Stands in for chats: keeps what was posted, and answers as it is told. */
export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** The answers to come; then 200. */
  readonly replies: Reply[];
  /** What answers whatever else is told; undefined again ends it. */
  always: Reply | undefined;
  stop(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const replies: Reply[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const text = Buffer.concat(parts);
    received.push({
      path: request.url ?? '',
      contentType: request.headers['content-type'] ?? '',
      body: JSON.parse(text.toString('utf8')),
      bytes: text.length,
    });
    const reply = receiver.always ?? replies.shift() ?? { status: 200, body: 'ok' };
    response.writeHead(reply.status, reply.headers).end(reply.body ?? '');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    replies,
    always: undefined,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}
