import type { Price, PriceList, PriceName } from './price.ts';

/** Parts of the bill, in the order in which they are shown. */
export const COMPONENTS = [
  'Cloud SQL',
  'bridge',
  'Pub/Sub',
  'Dataflow',
  'Cloud Storage',
  'BigQuery',
  'Memorystore',
  'feast-server',
  'functions',
  'Cloud Run jobs',
  'Logging and Monitoring',
  'network',
  'the rest',
] as const;
export type Component = (typeof COMPONENTS)[number];

/** One line of the bill: so much of something at a price, for a month. */
export interface Line {
  readonly component: Component;
  readonly what: string;
  readonly quantity: number;
  readonly price: Price;
  readonly dollars: number;
}

/** Makes lines of one component; what the free tier covers is taken off the quantity. */
export function lines(component: Component, { prices }: PriceList) {
  return (what: string, quantity: number, name: PriceName, { free = 0 } = {}): Line => {
    const price = prices[name];
    const billed = Math.max(0, quantity - free);
    return { component, what, quantity: billed, price, dollars: billed * price.dollars };
  };
}
