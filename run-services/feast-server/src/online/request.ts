import type { Exchange } from '../http/exchange.ts';
import type { PyValue } from '../python/json.ts';
import { anything, bool, dict, list, type Model, optional, readJson, text, validate } from '../python/model.ts';

/** The body of POST /get-online-features: feast/feature_server.py `GetOnlineFeaturesRequest`. */
export interface OnlineRequest {
  readonly entities: Readonly<Record<string, PyValue[]>>;
  readonly feature_service: string | undefined;
  readonly features: readonly string[];
  readonly full_feature_names: boolean;
  readonly include_feature_view_version_metadata: boolean;
}

const MODEL: Model<OnlineRequest> = {
  entities: { check: dict(list<PyValue>(anything)) },
  feature_service: { check: optional(text), default: undefined },
  features: { check: list(text), default: [] },
  full_feature_names: { check: bool, default: false },
  include_feature_view_version_metadata: { check: bool, default: false },
};

/** @throws {RequestValidationError} */
export function readOnlineRequest(exchange: Exchange): OnlineRequest {
  return validate(MODEL, readJson(exchange));
}
