import { z } from 'zod';

const columns = z.record(
  z.string(),
  z.object({ name: z.string(), data_type: z.string().nullish(), description: z.string().default('') }),
);

/** https://schemas.getdbt.com/dbt/manifest/v12.json, as far as it is used. */
const manifestSchema = z.object({
  nodes: z.record(
    z.string(),
    z.object({
      name: z.string(),
      resource_type: z.string(),
      schema: z.string(),
      database: z.string().nullish(),
      description: z.string().default(''),
      columns: columns.default({}),
      depends_on: z.object({ nodes: z.array(z.string()).default([]) }).default({ nodes: [] }),
    }),
  ),
  sources: z.record(
    z.string(),
    z.object({
      name: z.string(),
      schema: z.string(),
      database: z.string().nullish(),
      description: z.string().default(''),
      columns: columns.default({}),
    }),
  ),
});

/** A table or view that dbt reads or makes. */
export interface Table {
  readonly project: string;
  readonly dataset: string;
  readonly name: string;
  readonly description: string;
  readonly columns: readonly { readonly name: string; readonly type: string | null; readonly description: string }[];
}

/** Who depends on whom, as dbt itself says it. */
export class DbtGraph {
  readonly #manifest: z.output<typeof manifestSchema>;

  /** @throws {z.ZodError} when the text is not a manifest.json of a version we know. */
  constructor(text: string) {
    this.#manifest = manifestSchema.parse(JSON.parse(text));
  }

  has(node: string): boolean {
    return node in this.#manifest.nodes || node in this.#manifest.sources;
  }

  /** `model`, `test`, `source`; undefined where the project has no such node. */
  typeOf(node: string): string | undefined {
    if (node in this.#manifest.sources) return 'source';
    return this.#manifest.nodes[node]?.resource_type;
  }

  /** The model of this name. */
  modelNamed(name: string): string | undefined {
    return Object.keys(this.#manifest.nodes).find(
      (node) => this.typeOf(node) === 'model' && this.#manifest.nodes[node]!.name === name,
    );
  }

  /** What a model or test is made from or looks at, directly. */
  parents(node: string): readonly string[] {
    return this.#manifest.nodes[node]?.depends_on.nodes ?? [];
  }

  /** The node and all that it is made from, however far away. */
  ancestry(node: string): ReadonlySet<string> {
    const seen = new Set<string>();
    const ahead = [node];
    for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      ahead.push(...this.parents(next));
    }
    return seen;
  }

  /** The streams whose rows reach a model, sorted. */
  streamsOf(node: string): string[] {
    return [...this.ancestry(node)]
      .flatMap((ancestor) => this.#manifest.sources[ancestor] ?? [])
      .map(({ name }) => name)
      .sort();
  }

  /** The table of a model or source. */
  table(node: string): Table | undefined {
    const found = this.#manifest.nodes[node] ?? this.#manifest.sources[node];
    if (!found) return undefined;
    return {
      project: found.database ?? '',
      dataset: found.schema,
      name: found.name,
      description: found.description.trim(),
      columns: Object.values(found.columns).map(({ name, data_type, description }) => ({
        name,
        type: data_type ?? null,
        description,
      })),
    };
  }
}
