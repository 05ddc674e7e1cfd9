import { InvokeCommand } from '@aws-sdk/client-lambda';
import { merged, type RefereeEvent, type RefereeReport } from '../../model/referee/report.ts';
import type { BatchNames } from '../accounting/deployed-names.ts';
import type { Clients } from '../aws.ts';

/** The referee function could not compare the layers. */
export class CompareError extends Error {
  override readonly name = 'CompareError';
}

/** One part of the posts and counters after the other, if all are asked for and are more than one invocation takes. */
export async function askReferee(
  { lambda }: Pick<Clients, 'lambda'>,
  { refereeFunction }: Pick<BatchNames, 'refereeFunction'>,
  { all }: { readonly all: boolean },
): Promise<RefereeReport> {
  const ask = async (event: RefereeEvent): Promise<RefereeReport> => {
    const { FunctionError, Payload } = await lambda.send(
      new InvokeCommand({ FunctionName: refereeFunction, Payload: JSON.stringify(event) }),
    );
    const answer: unknown = JSON.parse(Buffer.from(Payload ?? []).toString('utf8') || 'null');
    if (FunctionError === undefined) return answer as RefereeReport;
    const { errorMessage = 'It failed.' } = (answer ?? {}) as { errorMessage?: string };
    throw new CompareError(`The referee function could not compare the layers: ${errorMessage}`);
  };
  const first = await ask({});
  const { of, part } = first.sample;
  const reports = [first];
  for (let other = 0; all && other < of; other++) {
    if (other !== part) reports.push(await ask({ sample: { of, part: other } }));
  }
  return all ? merged(reports) : first;
}
