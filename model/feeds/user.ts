import { concat, feed, integer, timestamp } from '../rules/vocabulary.ts';

export const user = feed('user', {
  rules: 1,
  key: 'ind',
  fields: {
    user_name: concat(' ', 'first_name', 'last_name'),
    age: integer({ min: 0, max: 150 }),
    date_joined: timestamp(),
  },
});
