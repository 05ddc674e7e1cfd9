import { bands, moment, number, text, year } from './metric.ts';

export const category = text('pin.category');
export const country = text('geo.country');
export const poster = text('pin.poster_name');
export const followers = number('pin.follower_count');
export const postYear = year('geo.timestamp', 'post_year');
export const joiningYear = year('user.date_joined', 'joining_year');

/** Both ends included: `50+` begins at 51. */
export const ageGroup = bands('user.age', 'age_group', [
  { label: '<18', below: 18 },
  { label: '18-24', below: 25 },
  { label: '25-35', below: 36 },
  { label: '36-50', below: 51 },
  { label: '50+' },
]);

/** Nothing else tells two people apart; each may have many posts. */
export const person = [text('user.user_name'), number('user.age'), moment('user.date_joined')] as const;
