import { Allowance } from '../allowance.ts';
import type { CapacityObserver } from '../cloudwatch/sources/observers.ts';
import { ServiceError } from '../service.ts';
import type { TableDescription } from './store.ts';

export type Use = 'Read' | 'Write';

/** Of one partition, and so of one partition key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html */
const KEY_UNITS: Readonly<Record<Use, number>> = { Read: 3_000, Write: 1_000 };
/** Seconds of unused provisioned capacity that are kept: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html */
const BURST_SECONDS = 300;
const SECOND_MS = 1_000;

/**
 * What tables may be asked for in a second: what is provisioned, and the limit of a single partition key, which also
 * on-demand tables have. An operation tells its units after it is done, so the one that goes beyond is the last to pass.
 */
export class Capacity {
  readonly #tables = new Map<string, Allowance>();
  /** Units by table, use and key in the second that began at `#second`. */
  #keys = new Map<string, number>();
  #second = 0;
  readonly #observer: CapacityObserver | undefined;

  constructor(observer?: CapacityObserver) {
    this.#observer = observer;
  }

  /** Why it is throttled; undefined when it is not. */
  refusal(table: TableDescription, use: Use, key?: string): ServiceError | undefined {
    const refusal = this.#refusal(table, use, key);
    if (refusal !== undefined) this.#observer?.throttled(table.TableName, use);
    return refusal;
  }

  #refusal(table: TableDescription, use: Use, key?: string): ServiceError | undefined {
    const provisioned = this.#provisioned(table, use);
    if (provisioned !== undefined && !provisioned.admits(1)) {
      return exceeded(table, `Table${use}ProvisionedThroughputExceeded`);
    }
    if (key !== undefined && (this.#thisSecond().get(nameOf(table, use, key)) ?? 0) >= KEY_UNITS[use]) {
      return exceeded(table, `Table${use}KeyRangeThroughputExceeded`);
    }
    return undefined;
  }

  spend(table: TableDescription, use: Use, units: number, keys: readonly string[]): void {
    this.#observer?.consumed(table.TableName, use, units);
    this.#provisioned(table, use)?.spend(units);
    const second = this.#thisSecond();
    for (const key of keys) {
      const name = nameOf(table, use, key);
      second.set(name, (second.get(name) ?? 0) + units / keys.length);
    }
  }

  #provisioned(table: TableDescription, use: Use): Allowance | undefined {
    const units = table.ProvisionedThroughput[`${use}CapacityUnits`];
    if (units === 0) return undefined;
    const name = `${nameOf(table, use)}${units}`;
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const allowance = new Allowance(units, units * BURST_SECONDS);
    this.#tables.set(name, allowance);
    return allowance;
  }

  #thisSecond(): Map<string, number> {
    const now = performance.now();
    if (now - this.#second >= SECOND_MS) {
      this.#second = now;
      this.#keys = new Map();
    }
    return this.#keys;
  }
}

const nameOf = ({ TableName }: TableDescription, use: Use, key = ''): string => `${TableName}/${use}/${key}`;

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TroubleshootingThrottling.html */
function exceeded(table: TableDescription, reason: string): ServiceError {
  const members = { ThrottlingReasons: [{ reason, resource: table.TableArn }] };
  if (table.ProvisionedThroughput.WriteCapacityUnits > 0) {
    const message =
      'The level of configured provisioned throughput for the table was exceeded. ' +
      'Consider increasing your provisioning level with the UpdateTable API.';
    return new ServiceError('ProvisionedThroughputExceededException', message, 400, members);
  }
  const message = `Throughput exceeds the current capacity of one partition key of ${table.TableName}: is it a hot key?`;
  return new ServiceError('ThrottlingException', message, 400, members);
}
