import type { Exchange } from './exchange.ts';
import { json, type Reply } from './reply.ts';

/** Answers a request, or throws an error that `server.ts` turns into an answer. */
export type Handler = (exchange: Exchange) => Reply | Promise<Reply>;

export interface Route {
  readonly path: string;
  readonly handler: Handler;
  readonly options: RouteOptions;
}

export interface RouteOptions {
  /** Answered without the hooks `admit` and `authenticate`, as probes are. Default false. */
  readonly open?: boolean;
  /** Bytes; default the server's. */
  readonly maxBodyBytes?: number;
}

/** Exact paths only: Feast's API has no parameters in them. */
export class Router {
  readonly #paths = new Map<string, Map<string, Route>>();

  /** @throws {Error} where the route exists: two features that claim one path are a mistake of ours. */
  add(method: string, path: string, handler: Handler, options: RouteOptions = {}): void {
    const methods = this.#paths.get(path) ?? new Map<string, Route>();
    if (methods.has(method)) throw new Error(`${method} ${path} has a handler already.`);
    methods.set(method, { path, handler, options });
    this.#paths.set(path, methods);
  }

  /** Every route, as `METHOD path`, in the order they were added. */
  list(): string[] {
    return [...this.#paths].flatMap(([path, methods]) => [...methods.keys()].map((method) => `${method} ${path}`));
  }

  /** The route, or what Starlette answers without one: 404, 405 with `allow`, or 307 where only a slash at the end is wrong. */
  find(exchange: Exchange): Route | Reply {
    const methods = this.#paths.get(exchange.path);
    const route = methods?.get(exchange.method);
    if (route) return route;
    if (methods) return json(405, { detail: 'Method Not Allowed' }, { allow: [...methods.keys()].join(', ') });
    return this.#redirect(exchange) ?? json(404, { detail: 'Not Found' });
  }

  #redirect({ path, search, headers }: Exchange): Reply | undefined {
    const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
    if (!this.#paths.has(other)) return undefined;
    const location = `http://${headers.host ?? ''}${other}${search === '' ? '' : `?${search}`}`;
    return { status: 307, body: '', headers: { location, 'content-type': '' } };
  }
}
