/** One line of a Dockerfile, with what it continues on. */
export interface Instruction {
  readonly name: string;
  readonly value: string;
}

export interface Stage {
  /** The argument that names its base image, or the stage that it goes on from. */
  readonly base: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/** Reads the part of the language that our Dockerfiles use. https://docs.docker.com/reference/dockerfile/ */
export function stagesOf(dockerfile: string): Stage[] {
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const { name, value } of instructionsOf(dockerfile)) {
    if (name === 'FROM') {
      const [, base = '', stage] = /^\$?\{?(\w+)\}?(?: AS (\S+))?$/.exec(value) ?? [];
      if (base === '') throw new Error(`FROM ${value} is not understood`);
      stages.push({ base, name: stage, instructions: [] });
    } else stages.at(-1)?.instructions.push({ name, value });
  }
  return stages;
}

function instructionsOf(dockerfile: string): Instruction[] {
  const lines = dockerfile
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n');
  return lines.map((line) => {
    const [, name = '', value = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    return { name, value: value.trim() };
  });
}

/** `KEY=value KEY="other value"`, as ENV and LABEL take them. */
export function pairsOf(value: string): Record<string, string> {
  return Object.fromEntries(
    [...value.matchAll(/([\w.]+)=("(?:[^"\\]|\\.)*"|\S+)/g)].map(([, key, text = '']) => [
      key,
      text.startsWith('"') ? (JSON.parse(text) as string) : text,
    ]),
  );
}
