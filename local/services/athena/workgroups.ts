import { type JsonObject, ServiceError } from '../service.ts';

export interface WorkGroup {
  readonly name: string;
  readonly description?: string;
  readonly enabled: boolean;
  /** Where results go, as `s3://bucket/prefix/`. */
  readonly outputLocation?: string;
  /** The group's location wins over the query's. */
  readonly enforced: boolean;
  readonly bytesScannedCutoff?: number;
}

const ENGINE_VERSION = { SelectedEngineVersion: 'AUTO', EffectiveEngineVersion: 'Athena engine version 3' };

/** Workgroups of the templates, and the one that every account has. */
export class WorkGroups {
  readonly #arn: string;
  readonly #created = Date.now() / 1000;
  readonly #groups = new Map<string, WorkGroup>([['primary', { name: 'primary', enabled: true, enforced: false }]]);

  constructor({ account, region }: { readonly account: string; readonly region: string }) {
    this.#arn = `arn:aws:athena:${region}:${account}:workgroup/`;
  }

  arn(name: string): string {
    return this.#arn + name;
  }

  put(group: WorkGroup): void {
    this.#groups.set(group.name, group);
  }

  /** @throws ServiceError InvalidRequestException */
  get(name: string): WorkGroup {
    const found = this.#groups.get(name);
    if (found !== undefined) return found;
    throw new ServiceError('InvalidRequestException', `WorkGroup ${name} is not found.`);
  }

  names(): string[] {
    return [...this.#groups.keys()].sort();
  }

  /** https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroup.html */
  describe(name: string): JsonObject {
    const { description, outputLocation, enforced, bytesScannedCutoff } = this.get(name);
    return {
      ...this.summary(name),
      ...(description === undefined ? {} : { Description: description }),
      Configuration: {
        ResultConfiguration: outputLocation === undefined ? {} : { OutputLocation: outputLocation },
        EnforceWorkGroupConfiguration: enforced,
        PublishCloudWatchMetricsEnabled: false,
        RequesterPaysEnabled: false,
        EngineVersion: ENGINE_VERSION,
        ...(bytesScannedCutoff === undefined ? {} : { BytesScannedCutoffPerQuery: bytesScannedCutoff }),
      },
    };
  }

  summary(name: string): JsonObject {
    const { enabled } = this.get(name);
    return {
      Name: name,
      State: enabled ? 'ENABLED' : 'DISABLED',
      CreationTime: this.#created,
      EngineVersion: ENGINE_VERSION,
    };
  }
}
