import { z } from 'zod';
import { type ChainEvent, chainEvent, digestId } from '../events/index.ts';
import type { Lake } from '../lake/port.ts';

/** Something that is wrong until a later run finds it right. */
export interface Incident {
  /** By what is wrong and not by when: `dbt:model.tributary.customer_features`. docs/interfaces.md#chain-event-tributarychain-type-devtributarynamev1 */
  readonly name: string;
  readonly code: string;
  /** For people: no value of a row. */
  readonly message: string;
  readonly streams?: readonly string[];
  /** The views that it keeps back. */
  readonly views?: readonly string[];
  readonly counts?: Readonly<Record<string, number>>;
  /** Of docs/runbooks, without `.md`. */
  readonly runbook: string;
  /** What else is told: of failing expectations and sample rows, say. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** The run that found it. */
export interface IncidentRun {
  readonly runId: string;
  readonly cause?: string | null;
  readonly traceparent?: string | undefined;
  readonly startedAt?: Date;
}

const openSchema = z.object({
  incident: z.string(),
  since: z.string(),
  streams: z.array(z.string()),
  views: z.array(z.string()),
});

/** An incident as the lake remembers it. */
export type OpenIncident = z.output<typeof openSchema>;

/**
 * The incidents of one owner, a stage of which one run is at work at a time.
 *
 * An incident is remembered before it is told, and forgotten after its end was told. So whoever dies between any two lines is repaired by its own
 * repetition: what was raised is cleared some day, and an end that is told twice has the same event id.
 */
export class Incidents {
  readonly #lake: Lake;
  readonly #bucket: string;
  readonly #folder: string;

  constructor(lake: Lake, bucket: string, owner: string) {
    this.#lake = lake;
    this.#bucket = bucket;
    this.#folder = `control/incidents/${owner}/`;
  }

  /** Those open, in no order that means anything. */
  async open(): Promise<OpenIncident[]> {
    const found: OpenIncident[] = [];
    for await (const { name } of this.#lake.list(this.#bucket, this.#folder)) {
      const object = await this.#lake.read(this.#bucket, name);
      // It may have been forgotten since it was listed.
      if (object) found.push(openSchema.parse(JSON.parse(object.body.toString('utf8'))));
    }
    return found;
  }

  /**
   * Tells of what is wrong now and of what is right again, in this order.
   *
   * @param failing raised; one that was open stays so, and keeps back what it kept back before
   * @param over of an open one that this run found right, what else its end tells; undefined where the run did not look at it, and it stays open
   * @param publish tells events; where it throws, a repetition tells them again
   */
  async settle(
    failing: readonly Incident[],
    over: (open: OpenIncident) => Readonly<Record<string, unknown>> | undefined,
    run: IncidentRun,
    publish: (events: readonly ChainEvent[]) => Promise<void>,
  ): Promise<void> {
    const open = await this.open();
    const wrong = new Set(failing.map(({ name }) => name));
    const cleared = open.flatMap((incident) => {
      const detail = wrong.has(incident.incident) ? undefined : over(incident);
      return detail ? [{ incident, detail }] : [];
    });
    for (const incident of failing) {
      await this.#remember(
        incident,
        open.find((it) => it.incident === incident.name),
      );
    }
    const events = [
      ...failing.map((it) => raised(it, run)),
      ...cleared.map((it) => endOf(it.incident, it.detail, run)),
    ];
    if (events.length > 0) await publish(events);
    for (const { incident } of cleared) await this.#lake.remove(this.#bucket, this.#nameOf(incident.incident));
  }

  async #remember({ name, streams = [], views = [] }: Incident, before: OpenIncident | undefined): Promise<void> {
    const now: OpenIncident = {
      incident: name,
      since: before?.since ?? new Date().toISOString(),
      streams: union(before?.streams, streams),
      views: union(before?.views, views),
    };
    await this.#lake.write(this.#bucket, this.#nameOf(name), JSON.stringify(now), { contentType: 'application/json' });
  }

  /** Names hold what object names must not. */
  #nameOf(incident: string): string {
    return `${this.#folder}${digestId([incident])}.json`;
  }
}

function union(before: readonly string[] = [], more: readonly string[]): string[] {
  return [...new Set([...before, ...more])].sort();
}

function raised(incident: Incident, run: IncidentRun): ChainEvent {
  const { name, code, message, streams, views, counts, runbook, detail } = incident;
  return chainEvent({
    ...of(run),
    type: 'incident.raised',
    streams: streams ?? [],
    views: views ?? [],
    counts: counts ?? {},
    detail: { ...detail, incident: name, runbook },
    error: { code, message },
    identity: [name],
  });
}

function endOf(
  { incident, since, streams, views }: OpenIncident,
  detail: Readonly<Record<string, unknown>>,
  run: IncidentRun,
): ChainEvent {
  return chainEvent({
    ...of(run),
    type: 'incident.cleared',
    streams,
    views,
    detail: { ...detail, incident, since },
    identity: [incident, since],
  });
}

function of({ runId, cause, traceparent, startedAt }: IncidentRun) {
  return {
    runId,
    cause: cause ?? null,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(startedAt === undefined ? {} : { startedAt }),
  };
}
