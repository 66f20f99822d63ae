import { Server } from 'node:net';

/**
 * Makes servers of this process that are told a port only listen on `host`; does nothing without one, as in the cloud.
 *
 * The functions framework has no option for the address and listens on all of them, which on a laptop is the whole network. It begins to listen after the
 * function's module was loaded, so this can still decide.
 */
export function bindHost(host: string | undefined): void {
  if (!host) return;
  const listen = Server.prototype.listen as (this: Server, ...args: unknown[]) => Server;
  function listenOnHost(this: Server, ...args: unknown[]): Server {
    const [port, second, ...rest] = args;
    const isPortOnly = (typeof port === 'number' || /^\d+$/.test(String(port))) && typeof second !== 'string';
    return isPortOnly ? listen.call(this, Number(port), host, second, ...rest) : listen.apply(this, args);
  }
  Server.prototype.listen = listenOnHost as typeof Server.prototype.listen;
}
