/*
 * One execution environment: loads the handler of a bundle, then answers one invocation at a time over IPC.
 * Behaves as the managed Node.js runtime: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
 */
import { existsSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { Worker } from 'node:worker_threads';

const root = process.env.LAMBDA_TASK_ROOT;
const END_OF_INVOCATION = '\u0000';
let requestId;

// An orphan must not outlive the runtime, not even one whose handler never gives way to the event loop.
process.on('disconnect', () => process.exit(0));
new Worker(new URL('./orphan-watch.mjs', import.meta.url), { workerData: process.ppid, stdout: true, env: {} }).unref();
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error) => {
    const described = describe(error);
    if (event === 'unhandledRejection') described.errorType = 'Runtime.UnhandledPromiseRejection';
    report(described);
    process.send(
      requestId === undefined ? { kind: 'init-error', error: described } : { kind: 'error', error: described },
      () => process.exit(1),
    );
  });
}

// Lambda's text format. A line break within a message travels as a carriage return: a line is an event.
for (const [method, level] of Object.entries({
  log: 'INFO',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
  trace: 'TRACE',
})) {
  console[method] = (...values) => write(level, format(...values));
}

function write(level, message) {
  const line = `${new Date().toISOString()}\t${requestId ?? 'undefined'}\t${level}\t${message}`;
  process.stdout.write(`${line.replaceAll('\n', '\r')}\n`);
}

function report(error) {
  write('ERROR', `Invoke Error \t${JSON.stringify({ ...error, stack: error.trace, trace: undefined })}`);
}

function describe(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}

async function loadHandler() {
  const [, module, name] = /^(.+)\.([^.]+)$/.exec(process.env._HANDLER);
  const extension = ['.js', '.mjs', '.cjs'].find((one) => existsSync(join(root, module + one)));
  if (extension === undefined) throw named('Runtime.ImportModuleError', `Cannot find module '${module}'`);
  const file = join(root, module + extension);
  // A package.json above the bundle is no part of it.
  if (extension === '.js' && !existsSync(join(root, 'package.json'))) {
    registerHooks({
      load: (url, context, next) => {
        const own = url.startsWith(pathToFileURL(root).href) && url.endsWith('.js');
        return next(url, own ? { ...context, format: 'commonjs' } : context);
      },
    });
  }
  const exported = extension === '.mjs' ? await import(pathToFileURL(file).href) : createRequire(file)(file);
  const handler = exported[name];
  if (typeof handler !== 'function') {
    throw named('Runtime.HandlerNotFound', `${process.env._HANDLER} is undefined or not exported`);
  }
  if (handler.length > 2) {
    throw named('Runtime.CallbackHandlerDeprecated', 'Node.js 24 handlers return a promise; they take no callback');
  }
  return handler;
}

function named(name, message) {
  return Object.assign(new Error(message), { name });
}

async function invoke(handler, { id, payload, deadline, arn }) {
  requestId = id;
  const context = {
    awsRequestId: id,
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: arn,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  let answer;
  try {
    answer = { kind: 'result', payload: JSON.stringify((await handler(JSON.parse(payload), context)) ?? null) };
  } catch (error) {
    const described = describe(error);
    report(described);
    answer = { kind: 'error', error: described };
  }
  for (const stream of [process.stdout, process.stderr]) stream.write(`${END_OF_INVOCATION}${id}\n`);
  process.send(answer);
}

try {
  const handler = await loadHandler();
  process.on('message', (message) => invoke(handler, message));
  process.send({ kind: 'ready' });
} catch (error) {
  const described = describe(error);
  report(described);
  process.send({ kind: 'init-error', error: described }, () => process.exit(1));
}
