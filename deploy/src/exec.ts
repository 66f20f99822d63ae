import { UserError } from '@tributary/platform/errors';
import { execa } from 'execa';
import type { Exec, Program } from './tools.ts';

const INSTALL: Readonly<Record<Program, string>> = {
  gcloud: 'https://cloud.google.com/sdk/docs/install',
  terraform: 'https://developer.hashicorp.com/terraform/install',
  docker: 'https://docs.docker.com/engine/install (or leave --builder at cloud-build, which needs none)',
  mvn: 'https://maven.apache.org/install.html',
};

/** The error for a program that is not on PATH. */
export function toolMissing(program: Program): UserError {
  return new UserError('TOOL_MISSING', `"${program}" is not on PATH. Install it: ${INSTALL[program]}`);
}

/**
 * Runs programs of this machine. A signal to this process is left to the child: Terraform ends what it does and writes its state when it is asked to stop,
 * and would leave resources that no state knows when it is killed.
 */
export function createExec(write: (text: string) => void): Exec {
  return async ({ command, args, env, cwd, stream, stdin }) => {
    const child = execa(command, args, {
      env: {
        // gcloud asks nothing, colours nothing and sends no usage from scripts.
        CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
        CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
        TF_IN_AUTOMATION: '1',
        TF_INPUT: '0',
        ...env,
      },
      cwd,
      ...(stdin === undefined ? { stdin: 'ignore' as const } : { input: stdin }),
      reject: false,
      cleanup: false,
      maxBuffer: 256 * 1024 * 1024,
    });
    if (stream) {
      child.stdout.on('data', (data: Buffer) => write(String(data)));
      child.stderr.on('data', (data: Buffer) => write(String(data)));
    }
    const result = await child;
    if (result.code === 'ENOENT') throw toolMissing(command);
    // Ended by a signal: no status of its own.
    return {
      exitCode: result.exitCode ?? 255,
      stdout: result.stdout,
      stderr: result.stderr || result.shortMessage || '',
    };
  };
}
