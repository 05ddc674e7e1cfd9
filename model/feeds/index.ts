import type { Feed, FeedName } from '../rules/rule.ts';
import { geo } from './geo.ts';
import { pin } from './pin.ts';
import { user } from './user.ts';

export const feeds: Readonly<Record<FeedName, Feed>> = { pin, geo, user };
