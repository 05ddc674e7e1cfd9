import { join } from 'node:path';
import { projectDir } from '../setup/paths.mjs';

/** Where a deployment on this machine keeps what it knows. */
export const defaultStateDir = join(projectDir, '.pinflow');
