-- Per blocking key the blocks that are over its budget, and the pairs that they would have made: a pair is only
-- wanted when one of its two nodes asks.
select k.columns, count(*) as blocks, sum(c.pairs)::bigint as pairs
from matched.cut as c
join matched.key as k using ("key")
group by k."key", k.columns
order by k."key"
