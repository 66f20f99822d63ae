import { Counter, Gauge, type Registry } from 'prom-client';
import type { Exchange } from '../http/exchange.ts';
import { Histogram, type Series } from './histogram.ts';

/** Seconds. Feast's own bounds, and finer ones below them, where this server's answers are. */
const LATENCY_BOUNDS = [
  0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;
const ENTITY_BOUNDS = [1, 5, 10, 25, 50, 100, 250, 500, 1000] as const;

/** What is at work, for gauges that are read when they are scraped. */
export interface AtWork {
  readonly requests: number;
  readonly bytes: number;
}

interface Seen {
  readonly latency: Series;
  requests: number;
}

/**
 * Counts and times requests. Where Feast's server has the same measure its name and labels are used, so that dashboards made for it go on working;
 * `code` is ours.
 */
export class RequestMetrics {
  readonly #latency: Histogram;
  readonly #entities: Series;
  readonly #seen = new Map<string, Map<number, Seen>>();
  readonly #errors: Counter<'endpoint' | 'error'>;

  constructor(registry: Registry, atWork: AtWork) {
    this.#latency = new Histogram({
      name: 'feast_feature_server_request_latency_seconds',
      help: 'Seconds from the headers of a request to its answer',
      bounds: LATENCY_BOUNDS,
      registry,
    });
    this.#entities = new Histogram({
      name: 'feast_online_features_entity_count',
      help: 'Entity rows of a request for online features',
      bounds: ENTITY_BOUNDS,
      registry,
    }).series({});
    this.#errors = new Counter({
      name: 'feast_feature_server_errors_total',
      help: 'Requests refused or failed, by the stable code of the answer',
      labelNames: ['endpoint', 'error'],
      registers: [registry],
    });
    const seen = this.#seen;
    new Counter({
      name: 'feast_feature_server_request_total',
      help: 'Requests',
      labelNames: ['endpoint', 'status', 'code'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [endpoint, codes] of seen) {
          for (const [code, { requests }] of codes) {
            this.inc({ endpoint, status: code < 400 ? 'success' : 'error', code }, requests);
          }
        }
      },
    });
    new Gauge({
      name: 'feast_feature_server_requests_at_work',
      help: 'Requests at work and waiting; MAX_REQUESTS_AT_WORK is the bound',
      registers: [registry],
      collect() {
        this.set(atWork.requests);
      },
    });
    new Gauge({
      name: 'feast_feature_server_bytes_at_work',
      help: 'Bytes of bodies of requests at work; MAX_BYTES_AT_WORK is the bound',
      registers: [registry],
      collect() {
        this.set(atWork.bytes);
      },
    });
  }

  /** Called once a request, when it is over. */
  record({ route, status, startedAt, notes }: Exchange): void {
    const seen = this.#of(route, status);
    seen.requests += 1;
    seen.latency.observe((performance.now() - startedAt) / 1_000);
    if (notes.entities !== undefined && route === '/get-online-features') this.#entities.observe(notes.entities);
    if (notes.errorCode !== undefined) this.#errors.inc({ endpoint: route, error: notes.errorCode });
  }

  #of(route: string, status: number): Seen {
    let codes = this.#seen.get(route);
    if (codes === undefined) {
      codes = new Map();
      this.#seen.set(route, codes);
    }
    let seen = codes.get(status);
    if (seen === undefined) {
      seen = { requests: 0, latency: this.#latency.series({ endpoint: route, code: String(status) }) };
      codes.set(status, seen);
    }
    return seen;
  }
}
