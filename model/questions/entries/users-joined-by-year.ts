import peopleByJoiningYear from '../../metrics/entries/people-by-joining-year.ts';
import { between, keys, type Question, total } from '../question.ts';

export default {
  name: 'users_joined_by_year',
  number: '6',
  title: 'Users who joined in each year from 2015 to 2020, and their posts',
  metric: peopleByJoiningYear,
  where: [between('joining_year', 2015, 2020)],
  by: ['joining_year'],
  values: { number_users_joined: keys, number_posts: total() },
} satisfies Question;
