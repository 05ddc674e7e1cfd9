import { buildApp, newApp } from '../lib/app.ts';
import { deploymentOf } from '../lib/context.ts';
import { ContextError } from '../lib/context-error.ts';

const app = newApp();
try {
  buildApp(app, deploymentOf(app.node.getAllContext()));
  app.synth();
} catch (error) {
  if (!(error instanceof ContextError)) throw error;
  // Who misspells a flag needs no stack trace.
  console.error(error.message);
  process.exitCode = 1;
}
