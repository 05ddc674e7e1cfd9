-- The lower median: element ceil(n / 2) of n.
SELECT joining_year, follower_count AS median_follower_count
FROM (
  SELECT joining_year, follower_count,
    row_number() OVER (PARTITION BY joining_year ORDER BY follower_count) AS place,
    count(*) OVER (PARTITION BY joining_year) AS posts
  FROM (
    SELECT CAST(year(u.date_joined) AS integer) AS joining_year, p.follower_count
    FROM silver_pin p
    JOIN silver_user u ON u.ind = p.ind
    WHERE p.follower_count IS NOT NULL AND year(u.date_joined) BETWEEN 2015 AND 2020
  )
)
WHERE place = (posts + 1) / 2
