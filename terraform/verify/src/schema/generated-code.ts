/** What the generator wrote into a struct's `…ToHclTerraform` function about one argument. */
export interface CodeArgument {
  readonly isBlock: boolean;
  /** `list`, `set`, `map`, `simple` or `struct`. */
  readonly type: string;
}

/** What the generator wrote above an accessor: `// name - computed: …, optional: …, required: …`. */
export interface CodeFlags {
  readonly computed: boolean;
  readonly optional: boolean;
}

/** The generated code of one folder. */
export interface GeneratedCode {
  readonly terraformType: string;
  readonly kind: 'resource' | 'data' | 'provider';
  /** Arguments of the resource itself, by Terraform's name. */
  readonly top: ReadonlyMap<string, CodeArgument>;
  /** Arguments of each block, by the block's struct name in lower case (functions are camel case, types Pascal case). */
  readonly structs: ReadonlyMap<string, ReadonlyMap<string, CodeArgument>>;
  /** Flags by class, then by Terraform's name. */
  readonly flags: ReadonlyMap<string, ReadonlyMap<string, CodeFlags>>;
  /** Terraform's name of each camel-case name: `http2Enabled` cannot be turned back by rule. */
  readonly names: ReadonlyMap<string, string>;
}

/** Reads one folder's generated code; undefined for a folder that declares no Terraform type. */
export function readGeneratedCode(source: string): GeneratedCode | undefined {
  const terraformType = /terraformResourceType: '([\w-]+)'/.exec(source)?.[1];
  if (terraformType === undefined) return undefined;
  const structs = new Map<string, Map<string, CodeArgument>>();
  for (const [, name = '', body = ''] of source.matchAll(/^function (\w+)ToHclTerraform\(struct\) \{(.*?)^\}/gms))
    structs.set(name.toLowerCase(), readArguments(body));
  const flags = new Map<string, Map<string, CodeFlags>>();
  const names = new Map<string, string>();
  for (const part of source.split(/^class /m).slice(1)) {
    const ofClass = new Map<string, CodeFlags>();
    for (const [, name = '', computed, optional] of part.matchAll(
      /\/\/ (\w+) - computed: (true|false), optional: (true|false), required: (?:true|false)/g,
    )) {
      ofClass.set(name, { computed: computed === 'true', optional: optional === 'true' });
      names.set(
        name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
        name,
      );
    }
    flags.set(/^\w+/.exec(part)?.[0] ?? '', ofClass);
  }
  return {
    terraformType,
    kind: source.includes('extends cdktf.TerraformProvider')
      ? 'provider'
      : source.includes('extends cdktf.TerraformDataSource')
        ? 'data'
        : 'resource',
    top: readArguments(/synthesizeHclAttributes\(\) \{(.*?)^ {4}\}/ms.exec(source)?.[1] ?? ''),
    structs,
    flags,
    names,
  };
}

function readArguments(body: string): Map<string, CodeArgument> {
  const entries = body.matchAll(/^\s+(\w+): \{\s*value: [^\n]*\n\s*isBlock: (true|false),\s*type: "(\w+)"/gm);
  return new Map(
    [...entries].map(([, name = '', isBlock, type = '']) => [name, { isBlock: isBlock === 'true', type }]),
  );
}
