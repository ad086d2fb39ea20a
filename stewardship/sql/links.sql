-- What matching says of every two nodes of some residents ($residents) that met and were not forgotten: points, band and words.
-- refused: why the two clusters were not joined although something asked for it. Nodes are named by their first records.
with mine as (
    select distinct r.resident_id, m.node, n.first_record, n.cluster
    from resolved.record as r
    join matched.record as m using (record_id)
    join matched.node as n using (node)
    where list_contains($residents, r.resident_id)
),
refused as (
    select least(l.cluster, r.cluster) as one, greatest(l.cluster, r.cluster) as other, arg_max(f.reason, f.points) as reason
    from matched.refused as f
    join matched.node as l on l.node = f."left"
    join matched.node as r on r.node = f."right"
    semi join mine on mine.cluster = l.cluster
    group by all
)
select
    a.first_record as "left", b.first_record as "right", a.resident_id = b.resident_id as together,
    p.points, p.band, coalesce(nullif(refused.reason, ''), p.cap) as because, p.reason
from matched.candidate as c
join matched.pattern as p on p.code = c.pattern and (p.told or p.weight <> 0)
join mine as a on a.node = c."left"
join mine as b on b.node = c."right"
left join refused on refused.one = least(a.cluster, b.cluster) and refused.other = greatest(a.cluster, b.cluster)
order by all
