import { wildcard } from '../../access/wildcard.ts';
import type { Resource } from './resources.ts';

/** Something that is drawn, with what policies call it and who acts for it. */
export interface Actor {
  readonly resource: Resource;
  readonly arn: string;
  readonly role: string | undefined;
}

/** Data, or a start, goes from one to the other. Ids of resources. */
export interface Link {
  readonly from: string;
  readonly to: string;
  /** `reads`: an event source mapping, or the consumer of a topic; the rest is what a policy or an integration lets happen. */
  readonly how: 'reads' | 'writes' | 'calls' | 'asks';
}

interface Statement {
  readonly Effect?: string;
  readonly Action?: string | readonly string[];
  readonly Resource?: string | readonly string[];
}

/** What is done along an arrow. */
export const ACTIONS: Readonly<Record<Exclude<Link['how'], 'reads'>, RegExp>> = {
  writes:
    /^(kinesis:PutRecords?|dynamodb:(Put|Update|Delete|BatchWrite)\w*|s3:PutObject|kafka-cluster:WriteData|glue:(Create|Update)Table|sns:Publish|sqs:SendMessage)$/,
  calls: /^(lambda:InvokeFunction|states:StartExecution|glue:StartJobRun|athena:StartQueryExecution)$/,
  asks: /^(dynamodb:(GetItem|BatchGetItem|Query|Scan)|s3:GetObject|glue:GetTable)$/,
};

/** Who hands what to whom, as event source mappings, integrations of the API and the roles' policies say. */
export function links(resources: readonly Resource[], actors: readonly Actor[]): Link[] {
  const found = [
    ...mappings(resources, actors),
    ...integrations(resources, actors),
    ...actors.flatMap((actor) => granted(actor, resources, actors)),
  ];
  return strongest(found.filter(({ from, to }) => from !== to));
}

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html */
function mappings(resources: readonly Resource[], actors: readonly Actor[]): Link[] {
  return resources
    .filter(({ type }) => type === 'AWS::Lambda::EventSourceMapping')
    .flatMap(({ properties }) => {
      const source = String(properties['EventSourceArn']);
      const topics = properties['Topics'] as readonly string[] | undefined;
      const reader = actors.find(({ arn, resource }) =>
        [arn, resource.ref].includes(String(properties['FunctionName'])),
      );
      const sources = actors.filter(({ arn, resource }) =>
        topics === undefined
          ? source === arn || source.startsWith(`${arn}/stream/`)
          : resource.type === 'AWS::MSK::Topic' && topics.includes(arn.slice(arn.lastIndexOf('/') + 1)),
      );
      return reader === undefined
        ? []
        : sources.map(({ resource }) => ({ from: resource.id, to: reader.resource.id, how: 'reads' as const }));
    });
}

interface Integration {
  readonly Uri?: string;
  readonly Credentials?: string;
}

function integrations(resources: readonly Resource[], actors: readonly Actor[]): Link[] {
  const methods = resources.filter(({ type }) => type === 'AWS::ApiGateway::Method');
  return methods.flatMap(({ properties }) => {
    const { Uri = '', Credentials } = (properties['Integration'] ?? {}) as Integration;
    const api = actors.find(
      ({ resource }) => resource.type === 'AWS::ApiGateway::RestApi' && resource.ref === properties['RestApiId'],
    );
    if (api === undefined) return [];
    const target = actors.find(({ arn }) => Uri.includes(`/functions/${arn}/`));
    if (target) return [{ from: api.resource.id, to: target.resource.id, how: 'calls' as const }];
    return Credentials === undefined ? [] : granted({ ...api, role: Credentials }, resources, actors);
  });
}

function granted(actor: Actor, resources: readonly Resource[], actors: readonly Actor[]): Link[] {
  if (actor.role === undefined) return [];
  const statements = statementsOf(actor.role, resources);
  return actors.flatMap((other): Link[] => {
    const actions = statements.flatMap(({ Action, Resource: on }) =>
      [on ?? []].flat().some((pattern) => covers(pattern, other)) ? [Action ?? []].flat() : [],
    );
    const [mine, its] = [actor.resource.id, other.resource.id];
    const may = (how: keyof typeof ACTIONS) => actions.some((action) => ACTIONS[how].test(action));
    return [
      ...(may('writes') ? [{ from: mine, to: its, how: 'writes' } as const] : []),
      ...(may('calls') ? [{ from: mine, to: its, how: 'calls' } as const] : []),
      ...(actions.includes('kafka-cluster:ReadData') ? [{ from: its, to: mine, how: 'reads' } as const] : []),
      ...(may('asks') ? [{ from: its, to: mine, how: 'asks' } as const] : []),
    ];
  });
}

/** A pattern without a name in it says nothing of where data goes. */
function covers(pattern: string, { arn, resource }: Actor): boolean {
  if (pattern === '*') return false;
  if (resource.type === 'AWS::S3::Bucket') return pattern === arn || pattern.startsWith(`${arn}/`);
  if (resource.type === 'AWS::Glue::Database') {
    const [kind, database] = (pattern.split(':')[5] ?? '').split('/');
    return kind === 'table' && database !== undefined && wildcard(database)(resource.ref);
  }
  return pattern === arn || pattern === `${arn}:*` || (pattern.includes('*') && wildcard(pattern)(arn));
}

function statementsOf(roleArn: string, resources: readonly Resource[]): Statement[] {
  const role = resources.find(({ type, attributes }) => type === 'AWS::IAM::Role' && attributes['Arn'] === roleArn);
  if (role === undefined) return [];
  const inline = (role.properties['Policies'] ?? []) as readonly { readonly PolicyDocument: unknown }[];
  const attached = resources.filter(
    ({ type, properties }) =>
      /^AWS::IAM::(Managed)?Policy$/.test(type) &&
      ((properties['Roles'] ?? []) as readonly string[]).includes(role.ref),
  );
  const documents = [...inline, ...attached.map(({ properties }) => properties)].map(
    (one) =>
      (one as { readonly PolicyDocument: { readonly Statement: Statement | readonly Statement[] } }).PolicyDocument,
  );
  return documents.flatMap(({ Statement }) => [Statement].flat()).filter(({ Effect }) => Effect === 'Allow');
}

const STRENGTH: readonly Link['how'][] = ['reads', 'writes', 'calls', 'asks'];

/** One link a direction: a look-up of what is read or handed over anyway is no way of its own. */
function strongest(all: readonly Link[]): Link[] {
  const best = new Map<string, Link>();
  for (const link of all) {
    const key = `${link.from} ${link.to}`;
    const known = best.get(key);
    if (known === undefined || STRENGTH.indexOf(link.how) < STRENGTH.indexOf(known.how)) best.set(key, link);
  }
  return [...best.values()];
}
