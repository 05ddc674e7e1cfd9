import { feedNames } from '../../model/rules/rule.ts';
import { table } from '../table.ts';
import { type BatchAccount, overlookedRows, waitingRows } from './batch-account.ts';

/** The records of raw by door, and the fates of their rows in the batch layer. */
export function batchAccountTable(account: BatchAccount): string {
  const head = ['feed', 'streams', 'topics', 'rows', 'applied', 'duplicate', 'superseded', 'quarantined', 'waiting'];
  const rows = feedNames.map((feed) => {
    const { streams, topics, rows, applied, duplicate, superseded, quarantined, waiting, missing } = account[feed];
    const ended = [feed, streams, topics, rows, applied, duplicate, superseded, quarantined];
    return [...ended, waiting, missing - waiting];
  });
  return table([[...head, 'overlooked'], ...rows]);
}

export function batchRemarks(account: BatchAccount): readonly string[] {
  const { pointer } = account;
  const [waiting, overlooked] = [waitingRows(account), overlookedRows(account)];
  const seen =
    pointer === undefined
      ? 'There was no run of the batch layer yet: npm run batch makes one.'
      : `Readers see the run ${pointer.runId}, with what arrived before ${new Date(pointer.watermark).toISOString()}.`;
  return [
    seen,
    ...(waiting > 0 && pointer !== undefined ? [`${waiting.toLocaleString('en')} rows wait for the next run.`] : []),
    ...(overlooked > 0
      ? [`${overlooked.toLocaleString('en')} rows landed after the run that should have read them: npm run batch.`]
      : []),
  ];
}

export function batchAccountJson(account: BatchAccount, feeds: readonly (typeof feedNames)[number][]): object {
  return Object.fromEntries(
    feeds.map((feed) => {
      const { streams, topics, rows, applied, duplicate, superseded, quarantined, waiting, missing } = account[feed];
      const counts = { streams, topics, rows, applied, duplicate, superseded, quarantined };
      return [feed, { ...counts, waiting, overlooked: missing - waiting, quarantinedBy: account[feed].quarantinedBy }];
    }),
  );
}
