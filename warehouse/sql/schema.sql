-- The tables that are filled by code or by another package. Every other table is made by the SELECT in the file
-- of its name under warehouse/sql/<schema>/. No indexes and no keys: uniqueness is checked by a query.
create schema if not exists facts;
create schema if not exists landed;
create schema if not exists staged;
create schema if not exists matched;
create schema if not exists resolved;
create schema if not exists golden;
create schema if not exists outbox;

-- What the platform files, fields.toml, qualities.toml and policy.toml say, written anew each night.
-- household: what its household number stands for, the book (registered), the door (living) or nothing (none).
create table if not exists facts.platform (
    slug varchar, title varchar, tier varchar, trust integer, complete boolean, receives boolean, department varchar,
    household varchar
);
create table if not exists facts.platform_field (
    platform varchar, field varchar, "column" varchar, authority boolean, shares boolean, receives boolean,
    admits boolean  -- told of a newcomer
);
-- Whom a platform takes in, of those who live here: all that is stated must hold. holding: fields in which they have a value.
create table if not exists facts.admits (
    platform varchar, youngest integer, oldest integer, sex varchar, holding varchar[]
);
-- Under which digest each step of the night was last brought to its end; under 'whole' the night that the warehouse holds from its
-- first step to its last, under 'said' the line of the ledger up to which it holds what people said.
create table if not exists facts.fingerprint (step varchar, digest varchar);
-- platform copies this field from source: the two are one voice.
create table if not exists facts.feed (platform varchar, source varchar, field varchar);
create table if not exists facts.field (
    field varchar, zh varchar, en varchar, kind varchar, tier varchar, golden varchar, publish boolean,
    household varchar  -- whose relation it is: only platforms with this kind of household number may speak
);
-- What of a standard code table a platform can be told: its own list may be shorter, then a golden value is told as the
-- broader code that is still true. A code that stands here for no platform cannot be said there at all.
create table if not exists facts.expressible (platform varchar, field varchar, value varchar, told varchar);
-- The broader code that is still true of everyone to whom the narrower applies.
create table if not exists facts.broader (field varchar, code varchar, broader varchar);
-- place 0 is best; a good value is one an owner may insist on.
create table if not exists facts.quality (
    quality varchar, place integer, good boolean, golden boolean, publish boolean
);
-- A field listed here goes to these departments only.
create table if not exists facts.department_only (field varchar, department varchar);
-- What is never told as one person's own when several share it, such as a family's phone.
create table if not exists facts.personal_only (field varchar);
-- Residents younger than `under` go to these departments only.
create table if not exists facts.child_policy (under integer, department varchar);
-- What may go out without a person: an overwriting on so many independent sources' word, of what fewer than `against`
-- others confirm; a value told so many times; at most so many records of a platform in one night, or this share of them,
-- whichever is more.
create table if not exists facts.release (
    sources integer, against integer, times integer, records integer, share double,
    contest integer,  -- nights
    copied integer,  -- nights
    embargo integer  -- nights that pass before a newcomer is told of for whom no owner of the ID number vouches
);

-- Where somebody is, as far as it follows from another field: told only on the word of a record that does not contradict
-- the golden value of that one.
create table if not exists facts.follows (field varchar, leader varchar);
-- Whether two keys of a field can both be true: one phone of several, a day of a month, an address that leaves parts out.
create macro if not exists facts.agree(kind, one, other) as
    case kind
        when 'phone' then list_has_any(string_split(one, ';'), string_split(other, ';'))
        when 'date' then starts_with(one, other) or starts_with(other, one)
        when 'address' then not list_bool_or(list_transform(
            list_zip(string_split(one, '|'), string_split(other, '|')),
            lambda pair: pair[1] <> '' and pair[2] <> '' and pair[1] <> pair[2]
        ))
        else one = other
    end;

create table if not exists landed.pull (
    night date, platform varchar, sha256 varchar, source varchar, rows_in bigint, staged bigint, quarantined bigint,
    status varchar, message varchar, turn integer
);

-- What the import gate found of an export. words: JSON, for the sentence of expectations/gate.toml; no personal value.
create table if not exists landed.finding (
    night date, platform varchar, sha256 varchar, "check" varchar, severity varchar, words varchar
);

create table if not exists staged.record (
    record_id varchar, platform varchar, source_key varchar, generation integer, first_night date, last_night date,
    present boolean, sha256 varchar, sheet varchar, "row" integer, part integer
);
create table if not exists staged.claim (
    record_id varchar, platform varchar, field varchar, stated varchar, "key" varchar, quality varchar,
    "column" varchar, since date, until date, as_of date
);
-- Records of platforms that never named anybody: each is of a dwelling or of a named place. Nobody is made of them: matching, the
-- values of residents and publishing do not see them.
create or replace view staged.place as
select r.*
from staged.record as r
anti join (select distinct platform from staged.claim where field in ('name', 'id_number')) as naming
    on naming.platform = r.platform;
create table if not exists staged.quarantine (
    night date, platform varchar, sha256 varchar, source varchar, sheet varchar, "row" integer, "column" varchar,
    reason varchar, message varchar, stated varchar, until date,
    reference varchar,  -- what a person calls the row, wherever it stands
    source_key varchar  -- the platform's own, empty if the row states none that is its alone
);
-- How full each column of each accepted export was. field: ours, or "key" for the platform's own key.
create table if not exists staged.fill (
    night date, platform varchar, sha256 varchar, field varchar, "column" varchar, "rows" bigint, filled bigint,
    usable bigint
);
-- Where a line of the ledger was used instead of what an export states; record_id null: the row made no record.
create table if not exists staged.overridden (
    night date, platform varchar, sha256 varchar, line bigint, record_id varchar, "column" varchar
);

-- What matching remembers from night to night; dedup/memory.py says what each is for.
create table if not exists matched.record (
    record_id varchar, first_night date, variant ubigint, row_hash ubigint, node bigint
);
create table if not exists matched.node (
    node bigint, first_record varchar, trusted varchar, weak boolean, component bigint, cluster bigint
);
create table if not exists matched.statement (node bigint, stated varchar using compression uncompressed);
create table if not exists matched.key ("key" tinyint, columns varchar, budget bigint);
create table if not exists matched.block ("key" tinyint, value ubigint, node bigint, asks boolean);
create table if not exists matched.gone (node bigint);
create table if not exists matched.cut ("key" tinyint, value ubigint, pairs bigint);
create table if not exists matched.share (place tinyint, value ubigint, name ubigint, node bigint);
create table if not exists matched.crowd (place tinyint, value ubigint);
create table if not exists matched.candidate ("left" bigint, "right" bigint, pattern bigint);
create table if not exists matched.refused ("left" bigint, "right" bigint, reason varchar, points double);
create table if not exists matched.verdict ("left" varchar, "right" varchar, verdict varchar);
create table if not exists matched.one_person (low varchar, high varchar);
create table if not exists matched.conflict (
    kind varchar, "left" varchar, "right" varchar, reason varchar, points double
);
create table if not exists matched.estimate (
    precision double, recall double, recall_low double, recall_high double, copies bigint, found bigint,
    drawn date, changed double
);
create table if not exists matched.run (
    matcher varchar, model varchar, records bigint, variants bigint, pairs bigint, clusters bigint, conflicts bigint
);
-- How many pairs a block makes: of all its members, less those of which neither asks.
create macro if not exists matched.pairs_made(size, silent) as
    size * (size - 1) // 2 - silent * (silent - 1) // 2;
create table if not exists resolved.record (
    platform varchar, source_key varchar, record_id varchar, resident_id varchar, household_living_id varchar,
    household_registered_id varchar, dwelling_id varchar
);
-- The records of staged.place, and the dwelling that each of them is of; null: it names none, or is gone from its platform.
create table if not exists resolved.place (
    platform varchar, source_key varchar, record_id varchar, dwelling_id varchar
);

-- What a person settled: the word of this record on a field is golden while it says so; filled by warehouse/pins.py.
create table if not exists golden.pin (record_id varchar, field varchar, value varchar);
-- What a checked ID number says by itself; filled by warehouse/golden.py with the one reader of ID numbers.
create table if not exists golden.id_number_says (id_number varchar, birth_date varchar, sex varchar);
-- Every cell of every batch up to tonight, as the ledger remembers it (warehouse/batches.py says what the states are);
-- filled by warehouse/told.py, like the two below. refused: the platform's words, if it did not take the cell.
create table if not exists outbox.told (
    line bigint, batch varchar, platform varchar, night date, state varchar, live boolean, record_id varchar, field varchar,
    digest varchar, kind varchar, taken_from varchar, refused varchar
);
create table if not exists outbox.live (platform varchar);
create table if not exists outbox.approval (
    platform varchar, record_id varchar, field varchar, digest varchar, word varchar, night varchar
);
-- Pairs of records that a person parted (Ledger.parted).
create table if not exists outbox.parted ("left" varchar, "right" varchar);
-- The keyed digests of values, by which the ledger knows them.
create table if not exists outbox.digest (value varchar, digest varchar);
-- The cells wanted tonight that stand in no file, and why; filled by warehouse/publish.py. They are not noted as
-- prepared, so that they come back when the cause is mended.
create table if not exists outbox.left_out (platform varchar, record_id varchar, field varchar, reason varchar);

-- Made by warehouse/told.py from sql/staged/adopted.sql, together with outbox.told.
create table if not exists staged.adopted (newcomer varchar, record_id varchar, platform varchar);
create table if not exists staged.echo (record_id varchar, field varchar, since date, instead date);
-- What the platforms themselves say: their current claims; while one is an echo of ours, what stood there before it.
-- Who is who and what is golden are read from here alone, so that what we publish never changes either.
create or replace view staged.own as
select c.*
from staged.claim as c
anti join staged.echo as e on e.record_id = c.record_id and e.field = c.field and e.since = c.since
where c.until is null
union all
select c.* replace (null::date as until)
from staged.claim as c
join staged.echo as e on e.record_id = c.record_id and e.field = c.field and e.instead = c.since;
