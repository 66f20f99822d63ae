import type { Definitions } from '../registry/definitions.ts';
import { makePlan, type Plan, type Wanted } from './plan.ts';

/** Plans kept for one registry. A caller asks for the same few sets over and over; whoever asks for another each time only makes these be forgotten sooner. */
const MAX_PLANS = 1_000;

/** Plans by what was asked for. Faults are not kept: they are rare, and making them again costs what it costs Feast. */
export class Plans {
  #definitions: Definitions | undefined;
  readonly #plans = new Map<string, Plan>();

  /** @throws {FeastError | PyFault} */
  get(definitions: Definitions, wanted: Wanted, fullFeatureNames: boolean): Plan {
    if (this.#definitions !== definitions) {
      this.#plans.clear();
      this.#definitions = definitions;
    }
    const key = `${fullFeatureNames ? 'f' : 's'}${'service' in wanted ? `s${wanted.service}` : `f${wanted.features.join('\0')}`}`;
    let plan = this.#plans.get(key);
    if (plan) return plan;
    plan = makePlan(definitions, wanted, fullFeatureNames);
    if (this.#plans.size >= MAX_PLANS) this.#plans.delete(this.#plans.keys().next().value!);
    this.#plans.set(key, plan);
    return plan;
  }
}
