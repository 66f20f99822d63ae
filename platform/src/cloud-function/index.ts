/** What the cloud functions share: reading the events that are delivered to them, and answering. */
export { type DeliveredEvent, type FinalizedObject, readEvent } from './event.ts';
export { type EventHandler, serveEvents } from './serve.ts';
