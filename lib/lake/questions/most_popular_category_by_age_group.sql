SELECT age_group, category, category_count
FROM (
  SELECT age_group, category, category_count,
    rank() OVER (PARTITION BY age_group ORDER BY category_count DESC) AS place
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
      coalesce(p.category, 'unknown') AS category,
      count(*) AS category_count
    FROM silver_pin p
    JOIN silver_user u ON u.ind = p.ind
    GROUP BY 1, 2
  )
)
WHERE place = 1
