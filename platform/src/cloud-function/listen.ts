import { Server as HttpServer, type RequestListener } from 'node:http';
import { Server } from 'node:net';

/**
 * Makes the server of the functions framework listen on `host` only, and puts something before its request handler.
 *
 * The framework has no option for either: it listens on all addresses, which on a laptop is the whole network, and reads a request before anything of ours is
 * asked. It makes its server after the function's module was loaded, so this can still decide. It is the one server of a process that is told nothing but a
 * port; others are left alone.
 */
export function onListen(host: string, before: (next: RequestListener) => RequestListener): void {
  const listen = Server.prototype.listen as (this: Server, ...args: unknown[]) => Server;
  function listenOnHost(this: Server, ...args: unknown[]): Server {
    const [port, second, ...rest] = args;
    const isPortOnly = (typeof port === 'number' || /^\d+$/.test(String(port))) && typeof second !== 'string';
    if (!isPortOnly) return listen.apply(this, args);
    if (this instanceof HttpServer) {
      const handlers = this.listeners('request') as RequestListener[];
      this.removeAllListeners('request');
      for (const handler of handlers) this.on('request', before(handler));
    }
    return listen.call(this, Number(port), host, second, ...rest);
  }
  Server.prototype.listen = listenOnHost as typeof Server.prototype.listen;
}
