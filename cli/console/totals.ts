import type { Term, Total } from '../../local/console/tools.ts';
import { metricsNamespace, type OwnFunction, type OwnMetricName } from '../../model/monitoring/index.ts';
import { feedNames } from '../../model/rules/rule.ts';
import type { DeployedNames } from '../accounting/deployed-names.ts';

/** Where the records of the speed layer's doors have come, since the runtime started. */
export function totalsOf({ streams, cleanFunction, speedTopics, batch }: DeployedNames): readonly Total[] {
  const intoStreams = feedNames.map(
    (feed): Term => ({
      kind: 'sum',
      metric: { namespace: 'AWS/Kinesis', name: 'IncomingRecords', dimensions: { StreamName: streams[feed] } },
    }),
  );
  const takenFrom = (from: 'streams' | 'topics'): Term => ({ kind: 'taken', functionName: cleanFunction, from });
  const behind = (who: 'functions' | 'connectors'): Term => ({ kind: 'behind', who });
  // A record of a topic has been taken, or waits.
  const intoTopics = speedTopics === undefined ? [] : [takenFrom('topics'), behind('functions')];
  const total = (name: string, title: string, plus: readonly Term[], minus: readonly Term[] = []): Total => ({
    name,
    title,
    plus,
    minus,
    grows: true,
  });
  return [
    total('accepted', 'Accepted', [...intoStreams, ...intoTopics]),
    ...(batch === undefined
      ? []
      : [
          total(
            'landed',
            'Landed in raw',
            [...ofFeeds('archive', 'RecordsLanded'), ...intoTopics],
            intoTopics.length === 0 ? [] : [behind('connectors')],
          ),
        ]),
    total('applied', 'Applied', ofFeeds('clean', 'RowsApplied')),
    total('repeated', 'Came again', [...ofFeeds('clean', 'RowsDuplicate'), ...ofFeeds('clean', 'RowsSuperseded')]),
    total('quarantined', 'Quarantined', ofFeeds('clean', 'RowsQuarantined')),
    {
      name: 'inFlight',
      title: 'In flight',
      plus: [...intoStreams, ...(speedTopics === undefined ? [] : [behind('functions')])],
      minus: [takenFrom('streams')],
    },
    ...(batch === undefined ? [] : [{ name: 'lost', title: 'Lost', plus: [lost] }]),
  ];
}

function ofFeeds<F extends OwnFunction>(of: F, name: OwnMetricName<F>): Term[] {
  return feedNames.map((feed) => ({
    kind: 'sum',
    metric: { namespace: metricsNamespace, name, dimensions: { feed, function: of } },
  }));
}

/** Of the referee, after each run. */
const lost: Term = {
  kind: 'latest',
  metric: { namespace: metricsNamespace, name: 'RowsLost', dimensions: { function: 'referee' } },
};
