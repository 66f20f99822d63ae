import { customerActivity } from './customer-activity.ts';
import { customerFeatures } from './customer-features.ts';
import { defineFeatureService, type FeatureDeclarations } from './dsl.ts';
import { productFeatures } from './product-features.ts';

export const recommendation = defineFeatureService({
  name: 'recommendation_v1',
  description: 'What the recommendation model asks for.',
  views: [customerFeatures.name, productFeatures.name, customerActivity.name],
});

/** All that `npm run contracts` compiles; a new group, view or service is added here. */
export const declarations: FeatureDeclarations = {
  groups: [customerActivity],
  views: [customerFeatures, productFeatures],
  services: [recommendation],
};
