import type { Caller } from '../../access/caller.ts';
import type { LogsService } from '../logs/service.ts';
import { type FrontDoor, ServiceError } from '../service.ts';

/** The log stream of one execution environment, written as the function's role. */
export interface FunctionLog {
  write(line: string): void;
}

const SILENT: FunctionLog = { write: () => {} };

/** As on AWS, a function that may not log runs without logs; access control reports each refusal. */
export function openFunctionLog(
  { frontDoor, logs }: { readonly frontDoor: Pick<FrontDoor, 'authorize'>; readonly logs: LogsService },
  role: Caller,
  group: string,
  stream: string,
): FunctionLog {
  const resource = logs.streamArn(group, stream);
  try {
    if (!logs.store.groups(group).some(({ name }) => name === group)) {
      frontDoor.authorize(role, { action: 'logs:CreateLogGroup', resource: logs.arn(group) });
      logs.store.putGroup(group, null);
    }
    frontDoor.authorize(role, { action: 'logs:CreateLogStream', resource });
    frontDoor.authorize(role, { action: 'logs:PutLogEvents', resource });
  } catch (error) {
    if (error instanceof ServiceError) return SILENT;
    throw error;
  }
  logs.store.putStream(group, stream);
  return { write: (line) => logs.write(group, stream, line) };
}
