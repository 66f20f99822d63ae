import type { Bus, BusMessage, Subscription, Topic } from '../../bus/port.ts';
import { TransientError } from '../../errors/index.ts';
import { type ChainEvent, parseChainEvent } from '../../events/index.ts';
import type { ExecutionState, JobName, Jobs } from '../../jobs/port.ts';

/** A bus that keeps what is published, and refuses while `down`. */
export class RecordingBus implements Bus {
  readonly published: { topic: Topic; message: BusMessage }[] = [];
  down = false;

  async publish(topic: Topic, messages: readonly BusMessage[]): Promise<void> {
    if (this.down) throw new TransientError('BUS_UNAVAILABLE', 'the bus is down');
    for (const message of messages) this.published.push({ topic, message });
  }

  /** The chain events said so far; an event said twice is one. */
  chain(): ChainEvent[] {
    const events = this.published
      .filter(({ topic }) => topic === 'chain')
      .map(({ message }) => parseChainEvent(message.data));
    return [...new Map(events.map((event) => [event.event_id, event])).values()];
  }

  async subscribe(): Promise<Subscription> {
    return { close: async () => undefined };
  }

  async close(): Promise<void> {}
}

/** Jobs that are started and then do as the test says. */
export class RecordingJobs implements Jobs {
  readonly started: { job: JobName; args: readonly string[] }[] = [];
  readonly states = new Map<string, ExecutionState>();

  async start(job: JobName, args: readonly string[]): Promise<string> {
    this.started.push({ job, args });
    const execution = `${job}-${this.started.length}`;
    this.states.set(execution, 'running');
    return execution;
  }

  async state(execution: string): Promise<ExecutionState> {
    return this.states.get(execution) ?? 'unknown';
  }
}
