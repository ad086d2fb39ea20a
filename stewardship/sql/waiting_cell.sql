-- The cells that a person looks at before they go to a platform, as of the last published night, each with what a person has said
-- of it since that night (word). Who and what stands behind a cell is waiting.sql, which takes far longer.
-- Reads spoken (platform, record_id, field, digest, word, night), which the caller made: of each cell the last word.
select d.*, coalesce(spoken.word, '') as word
from outbox.decision as d
-- A word of an earlier night is in the decision already, as far as it still holds.
left join spoken
    on spoken.platform = d.platform and spoken.record_id = d.record_id and spoken.field = d.field
    and spoken.digest = d.digest and spoken.night = (select max(night)::varchar from landed.pull)
    and (d.decision in ('approval', 'flood', 'backlog') or (d.decision = 'declined' and spoken.word = 'approved'))
where list_contains($decisions, d.decision)
    and d.platform = coalesce($platform, d.platform)
    and d.field = coalesce($field, d.field)
    and ($why is null or d.why = $why or d.decision = $why)
    and d.record_id = coalesce($record, d.record_id)
    and d.kind = coalesce($kind, d.kind)
    and ($word is null or coalesce(spoken.word, '') = $word)
