-- Everything that a resident's records state, and where each stands: the file as it was pulled, sheet and row.
with mine as (select record_id from resolved.record where resident_id = $resident),
file as (select distinct on (platform, sha256) platform, sha256, source from landed.pull)
select
    c.field, c.stated, c."key", c.quality, coalesce(c.as_of, c.since)::varchar as "on", c.platform, c.record_id,
    coalesce(file.source, '') as source, coalesce(s.sheet, '') as sheet, s."row", c."column", s.present
from staged.own as c
join staged.record as s using (record_id)
left join file on file.platform = s.platform and file.sha256 = s.sha256
where c.record_id in (select record_id from mine)
order by c.field, c.platform, c.record_id
