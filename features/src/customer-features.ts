import { defineFeatureView } from './dsl.ts';
import { customer } from './entities.ts';

export const customerFeatures = defineFeatureView({
  name: 'customer_features',
  description: 'What a customer has bought and returned up to the newest order.',
  entity: customer,
  mart: 'customer_features',
  columns: [
    { name: 'orders_count', type: 'INT64', description: 'Distinct purchase orders.' },
    { name: 'quantity_total', type: 'INT64', description: 'Pieces bought.' },
    { name: 'gross_revenue', type: 'NUMERIC', description: 'Sum of quantity × unit price over purchase lines.' },
    { name: 'returned_value', type: 'NUMERIC', description: 'Sum of quantity × unit price over return lines.' },
    { name: 'net_revenue', type: 'NUMERIC', description: 'Gross revenue less what was returned.' },
    {
      name: 'average_order_value',
      type: 'FLOAT64',
      description: 'Gross revenue per purchase order; null without one.',
    },
    {
      name: 'recency_days',
      type: 'INT64',
      description: 'Whole days from the last purchase to the newest order of the shop; null without a purchase.',
    },
    { name: 'return_rate', type: 'FLOAT64', description: 'Returned value over gross revenue; null without purchases.' },
    { name: 'distinct_products', type: 'INT64', description: 'Distinct products bought.' },
    { name: 'last_country', type: 'STRING', description: 'Country of the newest line, bought or returned.' },
  ],
});
