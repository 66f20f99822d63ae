/** Incidents that can pass: told when they are met, remembered in the lake, and cleared once by whoever raised them. */
export { type Incident, type IncidentRun, Incidents, type OpenIncident } from './incidents.ts';
export { type KeptBack, sortOut, viewsKeptBack } from './kept-back.ts';
