import { existsSync, mkdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { Engine, startedProcess } from './engine.ts';
import { freePort } from './free-port.ts';
import type { EngineProcess } from './process.ts';

export interface MiniStackOptions {
  /** The Python interpreter of the environment that has MiniStack. */
  readonly python: string;
  /** Objects go to `<stateDir>/s3`, the log and the process id to `<stateDir>/engines`. */
  readonly stateDir: string;
  readonly region: string;
  /** 0 takes any free port. @default 0 */
  readonly port?: number;
  /** Run each time that it has begun to answer: what it keeps in memory only is set anew. */
  readonly prepared?: () => Promise<void>;
  readonly log: (line: string) => void;
}

/** Python or MiniStack is missing. */
export class MiniStackMissingError extends Error {
  constructor(python: string) {
    super(`The S3 engine needs ${python}, which is not there. Install it with \`node setup/setup.mjs\`.`);
    this.name = 'MiniStackMissingError';
  }
}

const HEALTH_PATH = '/_ministack/health';
const READY_LIMIT_MS = 120_000;
const PROBE_LIMIT_MS = 10_000;

/** MiniStack (https://pypi.org/project/ministack/), of which only S3 is on: objects are plain files, and survive. */
export class MiniStack extends Engine {
  readonly port: number;

  private constructor(engine: EngineProcess, port: number) {
    super(engine);
    this.port = port;
  }

  static async start(options: MiniStackOptions): Promise<MiniStack> {
    const { python, stateDir, region, prepared, log } = options;
    if (!existsSync(python)) throw new MiniStackMissingError(python);
    const port = options.port === undefined || options.port === 0 ? await freePort() : options.port;
    const data = join(stateDir, 's3');
    mkdirSync(data, { recursive: true });
    const engine = await startedProcess({
      name: 'ministack',
      command: python,
      args: ['-m', 'ministack'],
      environment: {
        PATH: process.env['PATH'] ?? '',
        BIND_HOST: '127.0.0.1',
        GATEWAY_PORT: String(port),
        MINISTACK_REGION: region,
        SERVICES: 's3',
        S3_PERSIST: '1',
        S3_DATA_DIR: data,
        LOG_LEVEL: 'WARNING',
      },
      directory: join(stateDir, 'engines'),
      probe: () => answers(port),
      ...(prepared === undefined ? {} : { prepared }),
      readyLimitMs: READY_LIMIT_MS,
      log,
    });
    return new MiniStack(engine, port);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = request({ host: '127.0.0.1', port, path: HEALTH_PATH, timeout: PROBE_LIMIT_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    probe.on('timeout', () => probe.destroy());
    probe.on('error', () => resolve(false));
    probe.end();
  });
}
