import type { Layer } from '../../../model/serving/query-api.ts';
import type { BatchLayer } from './batch-layer.ts';
import type { LiveLayer } from './live-layer.ts';
import type { Standing } from './representation.ts';

/** What answers are made from. */
export interface Layers {
  readonly live: LiveLayer;
  /** @default - there is no batch path */
  readonly batch?: BatchLayer;
  readonly topicsFeedSpeed: boolean;
  /** Epoch ms. */
  now(): number;
}

/** The doors whose rows reach a layer. */
export const doorsOf = (layer: Layer, { batch, topicsFeedSpeed }: Layers): Standing['doors'] =>
  batch !== undefined && (layer === 'batch' || topicsFeedSpeed) ? ['streams', 'topics'] : ['streams'];
