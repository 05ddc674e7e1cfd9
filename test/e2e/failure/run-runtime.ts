import { startRuntime } from '../../../local/start.ts';

/* The runtime in a process of its own, to be killed: options as JSON in the first argument, told over IPC when ready. */
const runtime = await startRuntime({
  ...JSON.parse(process.argv[2]!),
  log: (line) => process.stderr.write(`${line}\n`),
});
process.on('disconnect', () => void runtime.stop().then(() => process.exit(0)));
process.send!('ready');
