/** What is made of the working tree before anything is deployed. Each is known by its content, so that what is there already is not made again. */
export interface Artifacts {
  readonly images: readonly ImageBuild[];
  readonly functions: readonly FunctionPackage[];
  readonly template: TemplateBuild;
  /** Image of Docker, by digest, that Cloud Build runs a build's steps in. */
  readonly builder: string;
}

/** An image that has to be built. */
export interface ImageBuild {
  readonly deployable: string;
  /** SHA-256 of everything that goes into it, hexadecimal: the same hash is the same image. */
  readonly contentHash: string;
  /** Dockerfile, from the build's context. */
  readonly dockerfile: string;
  /** Folder with all that the Dockerfile copies. */
  readonly context: string;
  readonly target: string | undefined;
  /** Base images by digest, from the lock file. */
  readonly buildArguments: Readonly<Record<string, string>>;
}

/** A function's source package. */
export interface FunctionPackage {
  readonly deployable: string;
  /** SHA-256 of the archive, hexadecimal. */
  readonly contentHash: string;
  /** Writes the archive where it is not yet. @returns its path */
  readonly write: () => string;
}

/** The Flex Template's specification, made for an image. */
export interface TemplateBuild {
  readonly deployable: string;
  /** The parameters it takes, as `gcloud dataflow flex-template build --metadata-file` reads them. */
  readonly metadataFile: string;
}

/** An image's tag: readable in the registry, and the same for the same content. */
export function tagOf({ contentHash }: ImageBuild): string {
  return `content-${contentHash.slice(0, 32)}`;
}

/** The object of a function's package in the artifacts bucket. */
export function packageObject({ deployable, contentHash }: FunctionPackage): string {
  return `functions/${deployable}/${contentHash}.zip`;
}

/** The object of a template's specification: one a digest, for Dataflow reads it when a job starts, which may be long after. */
export function templateObject(deployable: string, image: string): string {
  return `flex-templates/${deployable}-${image.slice(image.indexOf('@sha256:') + '@sha256:'.length).slice(0, 32)}.json`;
}
