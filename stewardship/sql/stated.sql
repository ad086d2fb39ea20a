-- What the shown records state, of the fields that help to tell people apart. Reads looked_at, which the caller made.
select o.record_id, o.field, o.stated, o."key", o.quality, coalesce(o.as_of, o.since) as "on"
from staged.own as o
semi join looked_at using (record_id)
where list_contains($fields, o.field)
order by o.record_id, o.field
