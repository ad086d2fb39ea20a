-- The records that are shown of each case, at most `most` of either side: the one that is judged, then one for each
-- other way in which the resident's records state who they are, the more trusted platform first, then the rest.
-- Reads sitting (case_id, side, record_id, resident_id), which the caller made.
with ranked as (
    select
        s.case_id, s.side, r.record_id, r.platform, m.node, r.record_id = s.record_id as judged,
        row_number() over (
            partition by s.case_id, s.side, m.node order by (r.record_id = s.record_id) desc, p.trust desc, r.record_id
        ) as of_node,
        count(*) over (partition by s.case_id, s.side) as of_side,
        coalesce(p.trust, 0) as trust
    from sitting as s
    join resolved.record as r on r.resident_id = s.resident_id
    join matched.record as m on m.record_id = r.record_id
    left join facts.platform as p on p.slug = r.platform
    -- Of a verdict on two records that are one resident by now, the other side shows the other record alone.
    where not (s.alone and r.record_id <> s.record_id) and r.record_id <> coalesce(s.leave_out, '')
)
select k.case_id, k.side, k.record_id, k.platform, k.node, k.of_side, r.first_night, r.last_night, r.present
from ranked as k
join staged.record as r using (record_id)
qualify row_number() over (
    partition by k.case_id, k.side
    order by k.judged desc, (k.of_node = 1) desc, k.trust desc, k.record_id
) <= $most
order by k.case_id, k.side, k.judged desc, (k.of_node = 1) desc, k.trust desc, k.record_id
