SELECT country, follower_count
FROM (
  SELECT country, follower_count, rank() OVER (ORDER BY follower_count DESC) AS place
  FROM (
    SELECT coalesce(g.country, 'unknown') AS country, max(p.follower_count) AS follower_count
    FROM silver_pin p
    JOIN silver_geo g ON g.ind = p.ind
    WHERE p.follower_count IS NOT NULL
    GROUP BY 1
  )
)
WHERE place = 1
