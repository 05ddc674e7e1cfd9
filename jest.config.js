/** @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '\\.(ts|mjs|js)$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!(@faker-js|@platformatic)/)'],
  reporters: ['default', '<rootDir>/test/reporting/closing-line.js'],
  maxWorkers: 2,
  testTimeout: 20_000,
};
