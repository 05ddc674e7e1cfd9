import arrivedPosts from '../../metrics/entries/arrived-posts.ts';
import postsWithoutFollowers from '../../metrics/entries/posts-without-followers.ts';
import { type Question, ratio, total } from '../question.ts';

export default {
  name: 'recent_errors',
  title: 'Posts of the last two minutes, those without a follower count, and their share',
  metric: arrivedPosts,
  by: [],
  values: { posts: total(), errors: total(postsWithoutFollowers), error_share: ratio('errors', 'posts') },
} satisfies Question;
