-- What matching leaves to a person, one row per pair of clusters, with the two records to be judged and what their
-- pattern of levels says. Where a join was refused, matched.conflict names the clusters; the two records that speak
-- most for it are then looked at. What was refused because a steward keeps the two apart is settled already.
with waiting as (
    select
        c.kind, c.reason, l.node as left_node, r.node as right_node,
        least(l.cluster, r.cluster) as one, greatest(l.cluster, r.cluster) as other
    from matched.conflict as c
    join matched.node as l on l.first_record = c."left"
    join matched.node as r on r.first_record = c."right"
    where c.reason <> $kept_apart
),
met as (
    select
        w.one, w.other,
        arg_max(
            {'left': a.first_record, 'right': b.first_record, 'pattern': c.pattern},
            {
                'asked': w.kind <> 'refused_join' and a.node in (w.left_node, w.right_node) and b.node in (w.left_node, w.right_node),
                'linked': p.band = 'link', 'points': p.points, 'left': a.first_record, 'right': b.first_record
            }
        ) as pair
    from matched.candidate as c
    join matched.pattern as p on p.code = c.pattern
    join matched.node as a on a.node = c."left"
    join matched.node as b on b.node = c."right"
    join waiting as w on w.one = least(a.cluster, b.cluster) and w.other = greatest(a.cluster, b.cluster)
    where a.cluster <> b.cluster
    group by w.one, w.other
)
select
    w.kind, w.reason as asked_because,
    least(met.pair.left, met.pair.right) as "left", greatest(met.pair.left, met.pair.right) as "right",
    p.* exclude (code, weight, told, conflict, band, cap)
from waiting as w
join met using (one, other)
join matched.pattern as p on p.code = met.pair.pattern
order by "left", "right"
