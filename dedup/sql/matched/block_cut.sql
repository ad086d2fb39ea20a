-- Per blocking key the blocks that were over its budget, and the pairs that they would have made: a pair is only
-- wanted when one of its two nodes asks.
with block as (
    select "key", value, count(*) as size, count(*) - count_if(asks) as silent
    from matched.block
    group by "key", value
    having count(*) > 1
)
select k.columns, count(*) as blocks, sum(matched.pairs_made(size, silent))::bigint as pairs
from block as b
join matched.key as k using ("key")
where matched.pairs_made(size, silent) > k.budget
group by k."key", k.columns
order by k."key"
