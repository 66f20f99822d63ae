/** One thing that a deploy does, as it is announced and as it is done. */
export interface Step {
  readonly name: string;
  /** What it will do here and now, in a line. */
  readonly detail: string;
  readonly run: () => Promise<void>;
  /** Whether what answers requests may have changed once it has begun: a failure from here on is rolled back. */
  readonly changesServing?: true;
}
