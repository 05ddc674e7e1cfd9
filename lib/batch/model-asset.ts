import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { compileModel } from '../../model/compile/compile-model.ts';

/** The model as the job reads it, JSON. Its key changes with its content, so a running job keeps the one it was given. */
export class ModelAsset extends Construct {
  readonly asset: Asset;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const folder = mkdtempSync(join(tmpdir(), 'pinflow-model-'));
    try {
      const path = join(folder, 'model.json');
      writeFileSync(path, JSON.stringify(compileModel()));
      // The file is copied here and now.
      this.asset = new Asset(this, 'Json', { path });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}
