import followersByCategory from '../../metrics/entries/followers-by-category.ts';
import postsByCategory from '../../metrics/entries/posts-by-category.ts';
import { type Question, total } from '../question.ts';

export default {
  name: 'posts_and_followers_by_category',
  title: 'Posts and the sum of their follower counts in each category',
  metric: postsByCategory,
  by: ['category'],
  values: { posts: total(), followers: total(followersByCategory) },
} satisfies Question;
