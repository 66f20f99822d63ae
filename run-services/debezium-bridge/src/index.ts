export { type BatchElement, readBatch } from './batch.ts';
export { type BatchOutcome, BatchPublisher, type PublisherPorts } from './publisher.ts';
export { type BridgeServerPorts, createBridgeServer } from './server.ts';
export { type Translation, Translator } from './translate.ts';
