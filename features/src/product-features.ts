import { defineFeatureView } from './dsl.ts';
import { product } from './entities.ts';

export const productFeatures = defineFeatureView({
  name: 'product_features',
  description: "How a product sells; guests' lines count in all but buyers.",
  entity: product,
  mart: 'product_features',
  columns: [
    { name: 'buyers', type: 'INT64', description: 'Distinct known customers who bought it.' },
    { name: 'orders_count', type: 'INT64', description: 'Distinct purchase orders with it.' },
    { name: 'quantity_total', type: 'INT64', description: 'Pieces bought.' },
    { name: 'gross_revenue', type: 'NUMERIC', description: 'Sum of quantity × unit price over purchase lines.' },
    { name: 'average_price', type: 'FLOAT64', description: 'Gross revenue per piece; null without purchases.' },
    { name: 'return_rate', type: 'FLOAT64', description: 'Returned value over gross revenue; null without purchases.' },
  ],
});
