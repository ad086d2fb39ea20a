-- What waits for a person, one row per pair of clusters: the strongest reason. A join that was asked for and refused
-- says more than a pair that never got so far; ties fall to the smaller record ids. Only clusters within reach of a
-- change are looked at: what waits between others waits as it did.
with waiting as (
    select c."left", c."right", false as refused, p.points, p.conflict as kind, p.cap as reason
    from matched.candidate as c
    join matched.pattern as p on p.code = c.pattern and p.band = 'review'
    where c."left" in (select node from reach) or c."right" in (select node from reach)
    union all
    select "left", "right", true, points, 'refused_join', reason
    from matched.refused
    where "left" in (select node from reach) or "right" in (select node from reach)
),
named as (
    select
        w.refused, w.points, w.kind, w.reason,
        least(l.first_record, r.first_record) as "left",
        greatest(l.first_record, r.first_record) as "right",
        least(l.cluster, r.cluster) as one, greatest(l.cluster, r.cluster) as other
    from waiting as w
    join matched.node as l on l.node = w."left"
    join matched.node as r on r.node = w."right"
    where l.cluster <> r.cluster
)
select kind, "left", "right", reason, points
from named
qualify row_number() over (partition by one, other order by refused desc, points desc, "left", "right", kind) = 1
order by "left", "right"
