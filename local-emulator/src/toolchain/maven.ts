import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@tributary/platform/errors';
import { execa } from 'execa';
import { cached } from './cache.ts';
import { run } from './run.ts';

/** Maven's own releases are on Maven Central: https://maven.apache.org/download.cgi */
const MAVEN_VERSION = '3.9.9';
const MAVEN_URL = `https://repo.maven.apache.org/maven2/org/apache/maven/apache-maven/${MAVEN_VERSION}/apache-maven-${MAVEN_VERSION}-bin.tar.gz`;
const MAVEN_SHA512 =
  'a555254d6b53d267965a3404ecb14e53c3827c09c3b94b5678835887ab404556bfaf78dcfe03ba76fa2508649dca8531c74bca4d5846513522404d48e8c4ac8b';
const MINIMUM_MAVEN = [3, 8] as const;

/** The `mvn` on PATH where it is new enough, else a checked copy of our own. */
export async function ensureMaven(): Promise<string> {
  const own = await execa('mvn', ['-v'], { reject: false, stdin: 'ignore' });
  const [major = 0, minor = 0] = /Apache Maven (\d+)\.(\d+)/.exec(String(own.stdout))?.slice(1).map(Number) ?? [];
  if (!own.failed && (major > MINIMUM_MAVEN[0] || (major === MINIMUM_MAVEN[0] && minor >= MINIMUM_MAVEN[1])))
    return 'mvn';
  const folder = await cached(`maven-${MAVEN_VERSION}`, async (target) => {
    const response = await fetch(MAVEN_URL, { signal: AbortSignal.timeout(300_000) });
    if (!response.ok)
      throw new UserError(
        'SETUP_FAILED',
        `Maven could not be fetched from ${MAVEN_URL}: HTTP ${response.status}. Install Maven ≥ 3.8 by hand.`,
      );
    const archive = join(target, 'maven.tar.gz');
    writeFileSync(archive, Buffer.from(await response.arrayBuffer()));
    const digest = createHash('sha512').update(readFileSync(archive)).digest('hex');
    if (digest !== MAVEN_SHA512)
      throw new UserError(
        'CHECKSUM_MISMATCH',
        `${MAVEN_URL} has SHA-512 ${digest}, not the pinned one. Something between here and Maven Central changes downloads; install Maven ≥ 3.8 by hand.`,
      );
    await run('tar', ['-xzf', archive, '--strip-components=1', '-C', target], { timeoutMinutes: 2 });
  });
  return join(folder, 'bin', 'mvn');
}
