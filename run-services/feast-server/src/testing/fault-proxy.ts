import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** `pass` everything; `cut` and refuse connections; `hang`: take what comes and answer nothing; `garbage`: answer what no Redis says. */
export type Fault = 'pass' | 'cut' | 'hang' | 'garbage';

/** A TCP proxy that misbehaves on command. */
export class FaultProxy {
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  #fault: Fault = 'pass';
  /** The most connections that were open at once. */
  mostConnections = 0;
  /** Called with what a client sent, before it is passed on. */
  onData: (() => Promise<void>) | undefined;

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
    this.#server = createServer((client) => this.#serve(client));
  }

  static async start(target: { host: string; port: number }): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on for what comes; `cut` also ends what is open. */
  set fault(fault: Fault) {
    this.#fault = fault;
    if (fault === 'cut') for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #serve(client: Socket): void {
    if (this.#fault === 'cut') {
      client.destroy();
      return;
    }
    const upstream = connect(this.#target);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    this.mostConnections = Math.max(this.mostConnections, this.#sockets.size / 2);
    client.on('data', async (chunk) => {
      await this.onData?.();
      if (this.#fault === 'garbage') client.write('HTTP/1.1 400 Bad Request\r\n\r\n');
      else if (this.#fault === 'pass') upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (this.#fault === 'pass') client.write(chunk);
    });
  }
}
