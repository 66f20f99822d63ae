import type { ChainEvent } from '@tributary/platform/events';

/** Whether people have to know. */
export function isFailure(event: ChainEvent): boolean {
  return event.status === 'failed' || event.type === 'incident.raised';
}

/**
 * Where an incident is: the part of its name that an event which is well again knows, too. Those that were named are a place of their own.
 * docs/interfaces.md, “Incidents”
 */
export function placeOf(event: ChainEvent): string {
  const { incident } = event.detail;
  if (typeof incident === 'string' && incident !== '') return incident;
  return `${event.type}:${[...event.streams, ...event.views].sort().join(',')}`;
}

/** The name of the incident that a failure tells of: by what is wrong and not by when. */
export function incidentName(event: ChainEvent): string {
  const { incident } = event.detail;
  if (typeof incident === 'string' && incident !== '') return incident;
  return `${placeOf(event)}:${event.error?.code ?? 'UNKNOWN'}`;
}
