import postsByCategoryAndPostYear from '../../metrics/entries/posts-by-category-and-post-year.ts';
import { between, type Question, total } from '../question.ts';

export default {
  name: 'posts_by_year_and_category',
  number: '2',
  title: 'Posts in each year from 2018 to 2022 and category',
  metric: postsByCategoryAndPostYear,
  where: [between('post_year', 2018, 2022)],
  by: ['post_year', 'category'],
  values: { category_count: total() },
} satisfies Question;
