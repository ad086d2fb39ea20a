-- The pairs that were linked, that wait for a person, or that a rule put apart, named by the first record of each
-- node, with all points in words.
select
    least(l.first_record, r.first_record) as "left",
    greatest(l.first_record, r.first_record) as "right",
    p.* exclude (code, weight, told, conflict)
from matched.candidate as c
join matched.pattern as p on p.code = c.pattern and p.told
join matched.node as l on l.node = c."left"
join matched.node as r on r.node = c."right"
