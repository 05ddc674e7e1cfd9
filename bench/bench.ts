import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../cli/arguments.ts';
import { onInterrupt } from '../cli/interrupt.ts';
import { Closing } from '../local/closing.ts';
import { aggregate } from './aggregate/aggregate.ts';
import { help, readArguments } from './arguments.ts';
import { batch } from './batch/batch.ts';
import { clean } from './clean.ts';
import { door } from './door.ts';
import { printed, type Report, written } from './report.ts';
import { speed } from './speed/speed.ts';
import type { Bench, Surroundings } from './surroundings.ts';

const benches: Readonly<Record<string, Bench>> = { door, clean, speed, batch, aggregate };
const closeLimitMs = 20_000;

async function main(args: readonly string[]): Promise<number> {
  const given = readArguments(args, Object.keys(benches));
  if (given.help) {
    console.log(help);
    return 0;
  }
  const { name, json, profile, quick } = given;
  if (profile !== undefined) mkdirSync(profile, { recursive: true });
  const closing = new Closing({ limit: closeLimitMs, failed: (line) => console.error(`  ! ${line}`) });
  const directory = mkdtempSync(join(tmpdir(), `pinflow bench ${name} `));
  closing.add('the state', () => rmSync(directory, { recursive: true, force: true }));
  const interrupted = onInterrupt(() => console.error('Stopping …'));
  const stopped = new Promise<undefined>((resolve) => {
    interrupted.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const surroundings: Surroundings = {
    directory,
    closing,
    profile,
    quick,
    note: (line) => console.error(`  ${line}`),
  };
  try {
    const running = benches[name]!(surroundings);
    running.catch(() => undefined); // after an interrupt: what it had started is stopped under it
    const sections = await Promise.race([running, stopped]);
    if (sections === undefined) return 130;
    const report: Report = { bench: name, sections };
    console.log(printed(report));
    if (json !== undefined) written(report, json);
    return 0;
  } finally {
    await closing.close();
    interrupted.dispose();
  }
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof UsageError ? `${error.message}\n\n${help}` : error);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
