import { loadAheadOfTime } from './program.ts';

// A process of its own, for set-up: its argument is the installation as JSON.
process.once('SIGTERM', () => process.exit(143));
await loadAheadOfTime(JSON.parse(process.argv[2]!));
