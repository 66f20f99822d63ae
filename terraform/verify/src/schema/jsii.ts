/** A type reference in a jsii assembly: https://aws.github.io/jsii/specification/6-compliance-report/ */
export interface JsiiTypeReference {
  readonly primitive?: string;
  readonly fqn?: string;
  readonly collection?: { readonly kind: 'array' | 'map'; readonly elementtype: JsiiTypeReference };
  readonly union?: { readonly types: readonly JsiiTypeReference[] };
}

export interface JsiiProperty {
  readonly name: string;
  readonly type: JsiiTypeReference;
  readonly optional?: boolean;
  readonly static?: boolean;
  readonly docs?: { readonly summary?: string; readonly remarks?: string };
}

export interface JsiiType {
  readonly name: string;
  readonly fqn: string;
  readonly kind: 'class' | 'interface' | 'enum';
  readonly interfaces?: readonly string[];
  readonly properties?: readonly JsiiProperty[];
}

/** The documented types of a package, found by their full name or by the folder that they were generated into. */
export interface JsiiAssembly {
  readonly byName: ReadonlyMap<string, JsiiType>;
  readonly byFolder: ReadonlyMap<string, ReadonlyMap<string, JsiiType>>;
}

export function readAssembly(text: string): JsiiAssembly {
  const { name, types } = JSON.parse(text) as { name: string; types: Record<string, JsiiType> };
  const byFolder = new Map<string, Map<string, JsiiType>>();
  for (const [fqn, type] of Object.entries(types)) {
    const folder = fqn.slice(name.length + 1).split('.', 1)[0] ?? '';
    const inFolder = byFolder.get(folder) ?? new Map<string, JsiiType>();
    inFolder.set(type.name, type);
    byFolder.set(folder, inFolder);
  }
  return { byName: new Map(Object.entries(types)), byFolder };
}

/** Both halves of a property's documentation, which for generated types is the provider's own description of the argument. */
export function documentation(property: JsiiProperty): string {
  return `${property.docs?.summary ?? ''}\n${property.docs?.remarks ?? ''}`;
}
