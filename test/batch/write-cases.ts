import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileModel } from '../../model/compile/compile-model.ts';
import { logCases } from './log-cases.ts';
import { parityCases } from './parity-cases.ts';

/** Writes what the Python tests need of TypeScript into a folder: `model.json`, `parity.json`, `logs.json`. */
export function writeCases(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'model.json'), JSON.stringify(compileModel()));
  writeFileSync(join(folder, 'parity.json'), JSON.stringify(parityCases(300)));
  writeFileSync(join(folder, 'logs.json'), JSON.stringify(logCases(24)));
}
