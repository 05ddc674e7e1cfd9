import type { LogStore } from '../services/logs/store.ts';
import { ConsoleError, type Route } from './http.ts';
import type { RecordReaders } from './records.ts';
import type { Resource } from './topology/resources.ts';
import type { PipelineTopology } from './topology/topology.ts';

const LINES = 100;

/** A resource of the picture: its template, what it holds, what it logged. */
export function resourceRoutes(
  pipeline: PipelineTopology,
  logs: Pick<LogStore, 'groups' | 'events'>,
  records: RecordReaders,
): Route[] {
  const find = (stack: string, logicalId: string): Resource => {
    const found = pipeline.resource(`${stack}/${logicalId}`);
    if (found === undefined) throw new ConsoleError(404, `The templates have no ${logicalId} in ${stack}.`);
    return found;
  };
  return [
    {
      method: 'GET',
      path: '/api/topology',
      handle: () => ({
        ...pipeline.topology,
        nodes: pipeline.topology.nodes.map((node) => ({ ...node, holdsRecords: records[node.type] !== undefined })),
      }),
    },
    {
      method: 'GET',
      path: '/api/resources/:stack/:id',
      handle: ({ parameters }) => {
        const { stack, logicalId, type, path, ref, declared } = find(parameters['stack']!, parameters['id']!);
        return { stack, logicalId, type, path, ref, template: declared };
      },
    },
    {
      method: 'GET',
      path: '/api/resources/:stack/:id/logs',
      handle: ({ parameters }) => {
        const resource = find(parameters['stack']!, parameters['id']!);
        const known = logs.groups().map(({ name }) => name);
        const groups = logGroupsOf(resource, pipeline.resources, known);
        const events = groups.flatMap((group) =>
          logs.events({ group, newest: true, limit: LINES }).map(({ time, stream, message }) => ({
            group,
            stream,
            time,
            message,
          })),
        );
        return { groups, events: events.sort((a, b) => b.time - a.time).slice(0, LINES) };
      },
    },
    {
      method: 'GET',
      path: '/api/resources/:stack/:id/records',
      handle: async ({ parameters }) => {
        const resource = find(parameters['stack']!, parameters['id']!);
        const read = records[resource.type];
        if (read === undefined) throw new ConsoleError(404, `${resource.logicalId} holds no records of its own.`);
        return { records: await read(resource) };
      },
    },
  ];
}

/** The log groups that a resource's properties name, by name or ARN; of an API those of its stages. */
function logGroupsOf(resource: Resource, all: readonly Resource[], known: readonly string[]): string[] {
  const stages = all.filter(
    ({ type, properties }) => type === 'AWS::ApiGateway::Stage' && properties['RestApiId'] === resource.ref,
  );
  const texts = [resource, ...stages].flatMap(({ properties }) => textsIn(properties));
  return known.filter((group) => texts.some((text) => text === group || text.endsWith(`:log-group:${group}`)));
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value.replace(/:\*$/, '')];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
