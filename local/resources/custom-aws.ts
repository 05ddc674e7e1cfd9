import type { Caller } from '../access/caller.ts';
import type { JsonObject } from '../services/service.ts';
import type { ResourceType } from './resource.ts';

/** A service that a custom resource may call. */
export interface SdkService {
  call(caller: Caller, operation: string, input: JsonObject): JsonObject | Promise<JsonObject>;
}

interface SdkCall {
  readonly service: string;
  readonly action: string;
  readonly parameters?: JsonObject;
  readonly physicalResourceId?: { readonly id?: string };
}

/**
 * CDK's AwsCustomResource: one call of the SDK at each deployment, as the role of the function that would make it.
 * https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources.AwsCustomResource.html
 *
 * @param services by the name of the SDK's client, in lower case
 */
export function awsCustomResource(
  type: string,
  services: Readonly<Record<string, SdkService>>,
  roleOf: (functionArn: string) => Caller,
): ResourceType {
  return {
    type,
    implemented: ['Create', 'ServiceToken', 'Update'],
    inert: {
      Delete: 'nothing that is made here has to be undone by a call',
      InstallLatestAwsSdk: 'the call is made without the SDK',
      ServiceTimeout: 'the call is answered at once',
    },
    async create({ path, properties }) {
      const {
        service,
        action,
        parameters = {},
        physicalResourceId,
      }: SdkCall = JSON.parse(String(properties['Create'] ?? properties['Update']));
      const name = service.replace(/^@aws-sdk\/client-/, '').toLowerCase();
      const target = services[name];
      if (target === undefined) {
        throw new Error(`${path}: custom resources here call ${Object.keys(services).join(', ')}, not ${service}`);
      }
      const operation = action.replace(/Command$/, '').replace(/^./, (first) => first.toUpperCase());
      const answer = await target.call(roleOf(String(properties['ServiceToken'])), operation, parameters);
      return { ref: physicalResourceId?.id ?? operation, attributes: flattened(answer) };
    },
  };
}

/** Members by their path, spelled as the SDK spells them: `ClusterInfo.ClusterArn`. */
function flattened(value: unknown, path: readonly string[] = []): Record<string, string> {
  if (typeof value !== 'object' || value === null) return { [path.join('.')]: String(value) };
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, one]) =>
      flattened(one, [...path, key.replace(/^./, (first) => first.toUpperCase())]),
    ),
  );
}
