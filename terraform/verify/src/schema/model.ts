/** A type as Terraform writes it in JSON: https://developer.hashicorp.com/terraform/internals/json-format */
export type CtyType =
  | 'string'
  | 'number'
  | 'bool'
  | 'dynamic'
  | readonly ['list' | 'set' | 'map', CtyType]
  | readonly ['object', Readonly<Record<string, CtyType>>];

/** One argument, attribute or nested block; the stand-in provider reads these short names. */
export interface Item {
  /** Type of an attribute; absent for a block. */
  t?: CtyType;
  /** The content of a block; absent for an attribute. */
  b?: Record<string, Item>;
  /** How a block repeats. */
  n?: 'single' | 'list' | 'set';
  /** Most blocks of this name. */
  max?: number;
  /** It must be given. */
  req?: 1;
  /** Only the provider decides it. */
  c?: 1;
  /** The provider decides it where the configuration does not. */
  oc?: 1;
  /** What the documentation names as possible values. */
  enum?: string[];
  /** What the documentation names as the value that the provider takes where none is given. */
  def?: string | number | boolean;
  /** A pattern, in RE2, that a string, each of several, or each "key=value" of a map must match, and the sentence that says so. */
  pattern?: { match: string; says: string };
  /** Least and most value of a number. */
  range?: [number, number];
  /** What a computed value will be, with `{argument}` for what the configuration gives: known in the plan, as names are by design. */
  form?: string;
}

export type RelationKind = 'exactly-one' | 'at-least-one' | 'at-most-one' | 'all-or-none';

/** A rule between arguments of one block: ExactlyOneOf, AtLeastOneOf, ConflictsWith and RequiredWith of the provider. */
export interface Relation {
  /** Dotted path of the block whose arguments are meant; '' for the resource itself. */
  in: string;
  kind: RelationKind;
  of: string[];
}

/** What the stand-in provider serves for one provider. */
export interface ProviderSchema {
  provider: string;
  version: string;
  config: Record<string, Item>;
  resources: Record<string, Record<string, Item>>;
  data: Record<string, Record<string, Item>>;
  relations: Record<string, Relation[]>;
}
