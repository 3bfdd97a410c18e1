/** Jest in ESM mode (NestJS 12 is ESM only): run through `npm run jest`, which sets the flag Node needs. */
export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/dashboards', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^#(domain|sources|event-log|attempt-store|notify|runtime)/(.*)\\.js$': '<rootDir>/libs/$1/$2',
    '^#(domain|sources|event-log|attempt-store|notify|runtime)/(.*)\\.json$': '<rootDir>/libs/$1/$2.json',
  },
  testTimeout: 60_000,
  maxWorkers: 2,
};
