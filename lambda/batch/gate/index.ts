import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { bucketAddressing, clientDefaults } from '../../shared/clients.ts';
import { required } from '../../shared/environment.ts';
import { type GateEvent, type GateResult, judge, parseSummary } from './gate.ts';

const bucket = required('CURATED_BUCKET');
const maxQuarantinedShare = Number(required('MAX_QUARANTINED_SHARE'));
const s3 = new S3Client({
  ...clientDefaults,
  maxAttempts: 4,
  ...bucketAddressing,
});

/** Decides whether readers may see what the clean job did. @throws GateError */
export async function handler({ plan, gold }: GateEvent): Promise<GateResult> {
  const Key = `runs/${plan.runId}/summary.json`;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
  return judge(parseSummary(await Body!.transformToString()), plan, { maxQuarantinedShare, gold });
}
