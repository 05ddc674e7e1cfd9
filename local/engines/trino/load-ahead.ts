import { loadAheadOfTime } from './program.ts';

// A process of its own, for set-up: its argument is the installation as JSON.
await loadAheadOfTime(JSON.parse(process.argv[2]!));
