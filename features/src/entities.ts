import { defineEntity } from './dsl.ts';

export const customer = defineEntity({
  name: 'customer',
  joinKey: 'customer_id',
  type: 'INT64',
  description: 'A known customer; guests are nobody.',
});

export const product = defineEntity({
  name: 'product',
  joinKey: 'product_id',
  type: 'STRING',
  description: 'A product with an accepted order line.',
});
