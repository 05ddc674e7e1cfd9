-- The lower median: element ceil(n / 2) of n.
SELECT age_group, follower_count AS median_follower_count
FROM (
  SELECT age_group, follower_count,
    row_number() OVER (PARTITION BY age_group ORDER BY follower_count) AS place,
    count(*) OVER (PARTITION BY age_group) AS posts
  FROM (
    SELECT
      CASE
        WHEN u.age IS NULL THEN 'unknown'
        WHEN u.age < 18 THEN '<18'
        WHEN u.age <= 24 THEN '18-24'
        WHEN u.age <= 35 THEN '25-35'
        WHEN u.age <= 50 THEN '36-50'
        ELSE '50+'
      END AS age_group,
      p.follower_count
    FROM silver_pin p
    JOIN silver_user u ON u.ind = p.ind
    WHERE p.follower_count IS NOT NULL
  )
)
WHERE place = (posts + 1) / 2
