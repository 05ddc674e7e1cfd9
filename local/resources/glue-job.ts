import type { JobArguments } from '../services/glue/job-arguments.ts';
import { argumentProblems } from '../services/glue/job-arguments.ts';
import type { GlueJobs } from '../services/glue/jobs.ts';
import type { ResourceType } from './resource.ts';

const DEFAULT_TIMEOUT_MINUTES = 480;

/**
 * @param publish puts the asset of that address into its bucket; false when the assembly does not have it
 *
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-glue-job.html
 */
export function glueJob(jobs: GlueJobs, publish: (address: string) => Promise<boolean>): ResourceType {
  return {
    type: 'AWS::Glue::Job',
    implemented: [
      'Name',
      'Command.Name',
      'Command.PythonVersion',
      'Command.ScriptLocation',
      'DefaultArguments',
      'ExecutionProperty.MaxConcurrentRuns',
      'GlueVersion',
      'MaxRetries',
      'NumberOfWorkers',
      'Role',
      'Timeout',
      'WorkerType',
    ],
    inert: {
      Description: 'text for people',
      ExecutionClass: 'a price class',
      Tags: 'nothing here reads tags',
    },
    check: ({ Command, DefaultArguments = {}, GlueVersion, MaxRetries = 0 }) => [
      ...(Command?.Name === 'glueetl' ? [] : [`is a ${Command?.Name} job; only glueetl (Spark) jobs run here`]),
      ...(/^5\./.test(String(GlueVersion)) ? [] : [`is of Glue ${GlueVersion}; only version 5 (Spark 3.5) runs here`]),
      ...(Number(MaxRetries) === 0 ? [] : ['has MaxRetries; runs are not tried again here']),
      ...argumentProblems(texts(DefaultArguments)),
    ],
    async create({ properties, path, generatedName }) {
      const name = String(properties['Name'] ?? generatedName(255));
      const { ScriptLocation: script } = properties['Command'] as { ScriptLocation: string };
      const given = properties['DefaultArguments'] as JobArguments | undefined;
      const defaults = Object.fromEntries(Object.entries(given ?? {}).map(([key, value]) => [key, String(value)]));
      for (const address of [script, ...Object.values(defaults).flatMap((value) => value.split(','))]) {
        if (address.startsWith('s3://') && !(await publish(address)) && address === script) {
          throw new Error(`${path}: the assembly has no asset for the script ${script}; synthesize again.`);
        }
      }
      jobs.define({
        name,
        roleArn: String(properties['Role']),
        script,
        arguments: defaults,
        timeoutMinutes: Number(properties['Timeout'] ?? DEFAULT_TIMEOUT_MINUTES),
        maxConcurrentRuns: Number(properties['ExecutionProperty']?.MaxConcurrentRuns ?? 1),
        glueVersion: String(properties['GlueVersion']),
        workerType: String(properties['WorkerType'] ?? 'G.1X'),
        workers: Number(properties['NumberOfWorkers'] ?? 2),
      });
      return { ref: name, attributes: {} };
    },
    remove: async ({ ref }) => jobs.remove(ref),
  };
}

/** Values that are references are known only later; no special argument of ours is one. */
const texts = (given: Readonly<Record<string, unknown>>): JobArguments =>
  Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
