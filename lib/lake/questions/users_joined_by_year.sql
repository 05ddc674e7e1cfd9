-- A person is a user name, age and date of joining; each may have many posts.
SELECT joining_year, count(*) AS number_users_joined, sum(posts) AS number_posts
FROM (
  SELECT CAST(year(date_joined) AS integer) AS joining_year, user_name, age, date_joined, count(*) AS posts
  FROM silver_user
  WHERE year(date_joined) BETWEEN 2015 AND 2020
  GROUP BY 1, 2, 3, 4
)
GROUP BY 1
