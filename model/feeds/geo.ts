import { arrayOf, feed, range, text, timestamp } from '../rules/vocabulary.ts';

export const geo = feed('geo', {
  rules: 1,
  key: 'ind',
  fields: {
    country: text(),
    coordinates: arrayOf(range('latitude', -90, 90), range('longitude', -180, 180)),
    timestamp: timestamp(),
  },
});
