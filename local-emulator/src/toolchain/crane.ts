import { installGo } from './go.ts';

/** Reads and assembles images without an engine. https://github.com/google/go-containerregistry/tree/main/cmd/crane */
const CRANE_MODULE = 'github.com/google/go-containerregistry/cmd/crane@v0.22.1';
const CRANE_KEY = 'crane-0.22.1';

/** Path of crane, which is built once. */
export async function ensureCrane(progress: (line: string) => void = () => {}): Promise<string> {
  return await installGo(CRANE_KEY, CRANE_MODULE, 'crane', progress);
}
