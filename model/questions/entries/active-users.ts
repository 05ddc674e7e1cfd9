import activePeople from '../../metrics/entries/active-people.ts';
import { keys, type Question } from '../question.ts';

export default {
  name: 'active_users',
  title: 'People of whom a post arrived in the last five minutes',
  metric: activePeople,
  by: [],
  values: { active_users: keys },
} satisfies Question;
