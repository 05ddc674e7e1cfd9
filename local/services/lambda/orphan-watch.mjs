/* A thread that kills its process when the parent of that, given as `workerData`, is gone. */
import { workerData } from 'node:worker_threads';

const POLL_MS = 500;

setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}, POLL_MS);
