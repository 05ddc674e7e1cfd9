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
  testSequencer: '<rootDir>/test/reporting/longest-first.js',
  // Two files with engines keep two cores busy; with a third, their limits are met.
  maxWorkers: 2,
  // On a busy machine a test of some seconds takes many times as long; this bounds only what hangs.
  testTimeout: 180_000,
};
