/** What the cloud functions share: who may call them, reading the events that are delivered to them, and answering. */
export { behindDoor, type Door, type ReadRequest } from './door.ts';
export type { EventErrorCode } from './errors.ts';
export { type DeliveredEvent, type ForeignEvent, readEvent } from './event.ts';
export { onListen } from './listen.ts';
export { type OutcomeRecorder, outcomeOf, outcomeRecorder } from './outcome.ts';
export { type EventHandler, orExit, serveEvents } from './serve.ts';
export type { FinalizedObject } from './storage-object.ts';
