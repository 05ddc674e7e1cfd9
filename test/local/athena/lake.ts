import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authorizer } from '../../../local/access/authorizer.ts';
import type { Caller } from '../../../local/access/caller.ts';
import { RoleDirectory } from '../../../local/access/identities.ts';
import { parsePolicy } from '../../../local/access/policy.ts';
import { CallRecorder } from '../../../local/access/recorder.ts';
import { MiniStack } from '../../../local/engines/ministack.ts';
import { Trino } from '../../../local/engines/trino.ts';
import { HttpFrontDoor } from '../../../local/front-door.ts';
import { AthenaService } from '../../../local/services/athena/service.ts';
import { GlueCatalog } from '../../../local/services/glue/catalog.ts';
import { GlueService } from '../../../local/services/glue/service.ts';
import { S3Service } from '../../../local/services/s3/service.ts';
import { pythonPath, trinoInstallation } from '../../../setup/paths.mjs';

export const PLACE = { account: '000000000000', region: 'us-east-1' } as const;

export interface Lake {
  readonly endpoint: string;
  readonly athena: AthenaService;
  readonly catalog: GlueCatalog;
  readonly frontDoor: HttpFrontDoor;
  readonly administrator: Caller;
  readonly trino: Trino;
  readonly calls: CallRecorder;
  readonly scratch: string;
  /** A role with these permissions only. */
  role(name: string, statements: readonly object[]): Caller;
  stop(): Promise<void>;
}

/** S3, Glue's catalog and Athena behind a front door, with the real engines. */
export async function openLake(buckets: readonly string[]): Promise<Lake> {
  const scratch = mkdtempSync(join(tmpdir(), 'pinflow-lake-'));
  const identities = new RoleDirectory(PLACE.account);
  const calls = new CallRecorder();
  const authorizer = new Authorizer({ account: PLACE.account, identities, recorder: calls, refused: () => {} });
  const frontDoor = new HttpFrontDoor({
    identities,
    authorizer,
    health: () => ({ ready: true }),
    fault: () => {},
  });
  const role = (name: string, statements: readonly object[]): Caller => {
    const caller = identities.putRole(name, parsePolicy({ Statement: [] }, name));
    identities.putRolePolicy(name, 'own', parsePolicy({ Statement: statements }, name));
    return caller;
  };
  const engineRole = role('engine', [{ Effect: 'Allow', Action: ['glue:*', 's3:*'], Resource: '*' }]);
  const log = () => {};
  const endpoint = `http://127.0.0.1:${await frontDoor.listen(0)}`;
  const trino = await Trino.prepare({
    installation: trinoInstallation(),
    stateDir: scratch,
    region: PLACE.region,
    endpoint,
    accessKeyId: engineRole.accessKeyId,
    secretAccessKey: engineRole.secretAccessKey,
    log,
  });
  const [engine] = await Promise.all([
    MiniStack.start({ python: pythonPath(), stateDir: scratch, region: PLACE.region, log }),
    trino.start(),
  ]);
  const s3 = new S3Service({ region: PLACE.region, engine, frontDoor });
  for (const bucket of buckets) await s3.putBucket(bucket, { versioned: false });
  const catalog = new GlueCatalog({ ...PLACE, file: join(scratch, 'glue.sqlite') });
  const athena = new AthenaService({
    ...PLACE,
    file: join(scratch, 'athena.sqlite'),
    directory: join(scratch, 'results'),
    endpoint,
    frontDoor,
    findTable: (database, table) => catalog.findTable(database, table),
    engine: async () => trino,
  });
  frontDoor.addHttp(s3);
  frontDoor.addJson(new GlueService(catalog.operations));
  frontDoor.addJson(athena);
  await trino.warmUp();
  return {
    endpoint,
    athena,
    catalog,
    frontDoor,
    administrator: identities.administrator,
    trino,
    calls,
    scratch,
    role,
    stop: async () => {
      await athena.close();
      await trino.stop();
      await engine.stop();
      s3.close();
      catalog.close();
      await frontDoor.close();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
