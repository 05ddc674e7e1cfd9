import { totalmem } from 'node:os';

const GIB = 2 ** 30;

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
  // Files that start engines take up to 3 GiB each, and wait for a third of their time.
  maxWorkers: totalmem() < 14 * GIB ? 2 : 3,
  // On a busy machine a test of some seconds takes many times as long; this bounds only what hangs.
  testTimeout: 60_000,
};
