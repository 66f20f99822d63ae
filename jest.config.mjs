const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  testPathIgnorePatterns: ['/node_modules/', '/target/', '/.venv/'],
  modulePathIgnorePatterns: ['/target/', '/.venv/', '/.tributary/'],
};

// `unit` needs nothing but Node; `integration` starts real components through local-emulator and runs one file at a time;
// `infra` runs Terraform on `terraform/`.
export default {
  // Five seconds, the default, are not much on a machine that also runs Flink: a limit is there to find what hangs, not what is slow.
  testTimeout: 60_000,
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['**/*.test.ts'] },
    {
      ...shared,
      displayName: 'integration',
      testMatch: ['**/*.itest.ts'],
      testPathIgnorePatterns: [...shared.testPathIgnorePatterns, '<rootDir>/terraform/'],
    },
    { ...shared, displayName: 'infra', testMatch: ['<rootDir>/terraform/**/*.itest.ts'] },
  ],
};
