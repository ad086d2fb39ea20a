-- The cells that a person looks at before they go to a platform, as of the last published night: what the platform holds,
-- what it would be told, whose word that is, and what a person has said of it since that night (word).
-- Reads spoken (platform, record_id, field, digest, word, night), which the caller made: of each cell the last word.
select
    d.platform,
    d.record_id,
    d.resident_id,
    coalesce(who.name, '') as person,
    d.field,
    d.kind,
    d.held_key,
    d.told,
    d.rule,
    d.sources,
    coalesce(source.platform, '') as source,
    coalesce(v.as_of::varchar, '') as "on",
    d.taken_from,
    d.digest,
    d.decision,
    coalesce(d.why, '') as why,
    coalesce(spoken.word, '') as word,
    coalesce(r.words, '') as words
from outbox.decision as d
left join golden.resident as who on who.resident_id = d.resident_id
left join staged.record as source on source.record_id = d.taken_from
left join golden.value as v on v.resident_id = d.resident_id and v.field = d.field
left join outbox.receipt as r
    on r.platform = d.platform and r.record_id = d.record_id and r.field = d.field and d.decision = 'refused'
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
