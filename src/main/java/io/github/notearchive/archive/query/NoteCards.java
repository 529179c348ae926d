package io.github.notearchive.archive.query;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.notearchive.archive.query.NoteFilter.Condition;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.io.text.TerminalText;
import io.github.notearchive.note.NoteId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.commons.lang3.StringUtils;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Reads the notes that match a filter as cards, newest first, without erased notes. */
@Repository
public final class NoteCards {

    /** Newest notes that are compared with a filter before its indexes are used: a frequent word is among them. */
    static final int WINDOW = 3000;

    /** Notes that are compared with a filter without an index. */
    static final int MOST_READ = 20_000;

    private static final int MOST_SUGGESTED = 10_000;

    /** Notes that are counted of a month: to count a million takes half a second. */
    public static final int MOST_OF_MONTH = 2000;

    static final String DOWN = "n.published_at DESC NULLS LAST, n.note_id DESC";
    private static final String UP = "n.published_at NULLS FIRST, n.note_id";

    /** The first stored picture of a note {@code n}; of a HEIC image, its preview if there is one. */
    static final String COVER = """
            SELECT m.sha256, o.content_type, m.width, m.height
            FROM note_media m JOIN media_object o USING (sha256)
            WHERE m.note_id = n.note_id AND m.kind IN ('IMAGE', 'PREVIEW') AND m.state = 'STORED'
            ORDER BY m.ordinal, o.content_type = 'image/heic', m.kind
            LIMIT 1
            """;

    private static final String CARDS = """
            SELECT n.note_id AS id, n.title, left(n.note_text, 1000) AS excerpt, n.author_id, a.nickname AS author,
                   n.published_at, c.sha256 AS cover, c.content_type AS cover_type,
                   coalesce(c.width, n.cover_width) AS cover_width,
                   coalesce(c.height, n.cover_height) AS cover_height,
                   concat_ws(',', CASE WHEN n.note_type = 'video' OR f.has_video THEN 'VIDEO' END,
                                  CASE WHEN f.is_live THEN 'LIVE' END, CASE WHEN f.has_sound THEN 'SOUND' END,
                                  CASE WHEN f.has_gap THEN 'GAP' END,
                                  CASE WHEN n.last_captured_at > n.first_captured_at
                                            AND EXISTS (SELECT FROM note_edit e WHERE e.note_id = n.note_id)
                                       THEN 'EDITED' END,
                                  CASE WHEN w.state = 'UNAVAILABLE' THEN 'GONE' END) AS marks
            FROM found JOIN note n USING (note_id)
            LEFT JOIN author a USING (author_id)
            LEFT JOIN worklist w USING (note_id)
            LEFT JOIN LATERAL (%s) AS c ON true
            CROSS JOIN LATERAL (
                SELECT bool_or(m.kind = 'VIDEO' AND m.state = 'STORED') AS has_video,
                       bool_or(m.kind = 'MOTION' AND m.state = 'STORED') AS is_live,
                       bool_or(m.kind = 'AUDIO' AND m.state = 'STORED') AS has_sound,
                       bool_or(%s) AS has_gap
                FROM note_media m
                WHERE m.note_id = n.note_id) AS f
            """.formatted(COVER, FilterKey.GAP);

    private static final String HIT = """
            SELECT n.note_id AS id, n.published_at, n.author_id, a.nickname AS author, n.title,
                   left(n.note_text, 300) AS text, n.liked_count AS likes
            """;

    private static final NotePosition NEWEST_UNTIMED = new NotePosition(null, "g");
    private static final NotePosition OLDEST_TIMED = new NotePosition(Instant.parse("0001-01-01T00:00:00Z"), "");

    private final JdbcClient jdbc;

    public NoteCards(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** A stored picture; its size in pixels is null where the response has none. */
    public record Cover(
            String sha256,
            String contentType,
            @Nullable Integer width,
            @Nullable Integer height) {}

    /**
     * A note on a wall.
     *
     * @param excerpt beginning of the text, 1,000 characters
     * @param cover SHA-256 of the first stored image; of a HEIC image, of its preview if there is one
     * @param coverType content type of the cover
     * @param coverWidth pixels
     * @param marks those of VIDEO, LIVE, SOUND, GAP, EDITED and GONE that apply, separated by commas
     */
    public record Card(
            NoteId id,
            @Nullable String title,
            @Nullable String excerpt,
            @Nullable String authorId,
            @Nullable String author,
            @Nullable Instant publishedAt,
            @Nullable String cover,
            @Nullable String coverType,
            @Nullable Integer coverWidth,
            @Nullable Integer coverHeight,
            String marks) {

        NotePosition position() {
            return NotePosition.of(publishedAt, id);
        }
    }

    /**
     * Note that a search found.
     *
     * @param text beginning of the text, in one line
     */
    public record Hit(
            @JsonProperty("noteId") NoteId id,
            @Nullable Instant publishedAt,
            @Nullable String authorId,
            @Nullable String author,
            @Nullable String title,
            @JsonProperty("excerpt") @Nullable String text,
            @Nullable Long likes) {

        private static final int LENGTH = 41;

        public Hit {
            text = text == null ? null : TerminalText.excerpt(text, LENGTH);
        }
    }

    /** Order of a search; notes without the value are last. */
    public enum CardOrder {
        PUBLISHED(DOWN),
        LIKES("n.liked_count DESC NULLS LAST, n.note_id DESC"),
        /** Likes since the first response about the note. */
        GROWTH("""
                n.liked_count - (SELECT k.liked_count FROM note_capture k
                                 WHERE k.note_id = n.note_id AND k.liked_count IS NOT NULL
                                 ORDER BY k.captured_at LIMIT 1) DESC NULLS LAST, n.note_id DESC"""),
        CAPTURED("n.last_captured_at DESC, n.note_id DESC");

        private final String sql;

        CardOrder(String sql) {
            this.sql = sql;
        }

        /** Returns the terms to order notes {@code n} by. */
        String sql() {
            return sql;
        }
    }

    /** Cards of a page, and the positions of the pages before and after it; null without such a page. */
    public record Cards(
            List<Card> cards,
            @Nullable String before,
            @Nullable String after) {}

    /**
     * Number of notes published in a month of Asia/Shanghai, such as {@code 2026-03}; at most {@value #MOST_OF_MONTH}.
     */
    public record MonthCount(String month, long notes) {}

    /**
     * Suggestion for the search box.
     *
     * @param kind {@code author} or {@code topic}
     * @param value term of a filter
     * @param notes number of notes, at most 10,000
     */
    public record Suggestion(String kind, String value, String label, long notes) {}

    /**
     * Returns a page of the matching notes, the newest published first. With a filter that no index serves, it may have
     * fewer notes than there are, since at most 20,000 notes are compared for it; the next page continues there.
     *
     * @param after position of an earlier page: the notes after it; null or empty for the newest notes
     * @param before the same for the notes before it
     * @throws IllegalArgumentException if it is not a position
     */
    public Cards page(NoteFilter filter, @Nullable String after, @Nullable String before, int limit) {
        boolean isUp = StringUtils.isEmpty(after) && !StringUtils.isEmpty(before);
        NotePosition start = NotePosition.parse(isUp ? before : after);
        List<Card> found = new ArrayList<>(section(filter, start, isUp, limit + 1, Card.class, CARDS));
        NotePosition end = found.size() > limit ? null : unread(filter, start, isUp);
        if (found.size() <= limit && end == null && isUp == (start.at() == null)) {
            NotePosition other = isUp ? OLDEST_TIMED : NEWEST_UNTIMED;
            found.addAll(section(filter, other, isUp, limit + 1 - found.size(), Card.class, CARDS));
            end = found.size() > limit ? null : unread(filter, other, isUp);
        }
        boolean isMore = found.size() > limit;
        List<Card> cards = isMore ? found.subList(0, limit) : found;
        NotePosition near = cards.isEmpty() ? start : cards.getFirst().position();
        String first = start.equals(NotePosition.NEWEST) || near.equals(NotePosition.NEWEST) ? null : near.toString();
        String last = Objects.toString(isMore ? cards.getLast().position() : end, null);
        return new Cards(List.copyOf(isUp ? cards.reversed() : cards), isUp ? last : first, isUp ? first : last);
    }

    /** Returns the cards of notes in their order, without those that were erased meanwhile. */
    public List<Card> cards(List<NoteId> ids) {
        Map<String, ?> parameters =
                Map.of("ids", ids.stream().map(NoteId::value).toArray(String[]::new));
        return Statements.list(jdbc, Card.class, parameters, """
                        WITH found AS (
                            SELECT i.note_id, i.place FROM unnest(:ids) WITH ORDINALITY AS i (note_id, place)
                            WHERE NOT EXISTS (SELECT FROM forgotten_note f WHERE f.note_id = i.note_id))
                        %s ORDER BY found.place
                        """.formatted(CARDS));
    }

    /** Returns notes after a position, or before it from the nearest, all with or all without a time of publication. */
    private <T> List<T> section(
            NoteFilter filter, NotePosition start, boolean isUp, int limit, Class<T> type, String select) {
        String order = isUp ? UP : DOWN;
        Map<String, Object> parameters = new HashMap<>();
        String found = found(filter, range(start, isUp, parameters), order, parameters, limit);
        return Statements.list(jdbc, type, parameters, found + select + " ORDER BY " + order);
    }

    /** Returns the position of the last note that {@link #section} read; null if it read all notes from its start. */
    private @Nullable NotePosition unread(NoteFilter filter, NotePosition start, boolean isUp) {
        if (filter.isPublishedOnly() || filter.isIndexed()) {
            return null;
        }
        Map<String, Object> parameters = new HashMap<>(filter.published().parameters());
        return Statements.optional(jdbc, NotePosition.class, parameters, """
                        SELECT n.published_at AS at, n.note_id AS id FROM note n
                        WHERE %s AND (%s) ORDER BY %s OFFSET %d LIMIT 1
                        """.formatted(
                        range(start, isUp, parameters), filter.published().sql(), isUp ? UP : DOWN, MOST_READ - 1))
                .orElse(null);
    }

    /** Returns the condition of the notes after a position, or before it, and adds its parameters. */
    private static String range(NotePosition start, boolean isUp, Map<String, Object> parameters) {
        parameters.put("id", start.id());
        if (start.at() == null) {
            return "n.published_at IS NULL AND n.note_id %s :id".formatted(isUp ? ">" : "<");
        }
        parameters.put("at", start.at());
        return "(n.published_at, n.note_id) %s (:at, :id)".formatted(isUp ? ">" : "<");
    }

    /**
     * Returns the beginning of a statement, with the relation {@code found}, and adds its parameters. Limits are
     * numbers in the statement, so that its plan takes them into account.
     */
    private static String found(
            NoteFilter filter, String range, String order, Map<String, Object> parameters, int limit) {
        Condition published = filter.published();
        parameters.putAll(published.parameters());
        String rows = range + " AND (" + published.sql() + ")";
        if (filter.isPublishedOnly()) {
            return "WITH found AS (SELECT n.note_id FROM note n WHERE %1$s AND %3$s ORDER BY %2$s LIMIT %4$d) "
                    .formatted(rows, order, NoteView.NOT_ERASED, limit);
        }
        Condition scan = filter.scan();
        parameters.putAll(scan.parameters());
        String newest = """
            SELECT n.note_id, n.published_at
            FROM (SELECT * FROM note n WHERE %1$s ORDER BY %2$s LIMIT %5$d) AS n
            LEFT JOIN worklist w USING (note_id)
            WHERE (%3$s) AND %4$s
            ORDER BY %2$s
            LIMIT %6$d
            """.formatted(
                        rows, order, scan.sql(), NoteView.NOT_ERASED, filter.isIndexed() ? WINDOW : MOST_READ, limit);
        if (!filter.isIndexed()) {
            return "WITH found AS (" + newest + ") ";
        }
        parameters.putAll(filter.parameters());
        return """
            WITH newest AS MATERIALIZED (%5$s),
            matching AS MATERIALIZED (
                SELECT n.note_id, n.published_at
                FROM note n LEFT JOIN worklist w USING (note_id)
                WHERE (SELECT count(*) FROM newest) < %6$d AND %1$s AND (%3$s) AND %4$s),
            found AS (
                SELECT n.note_id, n.published_at FROM newest n WHERE (SELECT count(*) FROM newest) >= %6$d
                UNION ALL
                (SELECT n.note_id, n.published_at FROM matching n ORDER BY %2$s LIMIT %6$d))
            """.formatted(rows, order, filter.condition(), NoteView.NOT_ERASED, newest, limit);
    }

    /** Returns the first of all matching notes in an order. */
    public List<Hit> search(NoteFilter filter, CardOrder order, int limit) {
        if (order == CardOrder.PUBLISHED && filter.isIndexed()) {
            String select = HIT + "FROM found JOIN note n USING (note_id) LEFT JOIN author a USING (author_id)";
            List<Hit> hits = new ArrayList<>(section(filter, NotePosition.NEWEST, false, limit, Hit.class, select));
            hits.addAll(section(filter, NEWEST_UNTIMED, false, limit - hits.size(), Hit.class, select));
            return hits;
        }
        return Statements.list(
                jdbc,
                Hit.class,
                filter.parameters(),
                HIT + """
                FROM note n LEFT JOIN worklist w USING (note_id) LEFT JOIN author a USING (author_id)
                WHERE (%s) AND %s
                ORDER BY %s
                LIMIT %d
                """.formatted(filter.condition(), NoteView.NOT_ERASED, order.sql, limit));
    }

    /** Counts the notes by month of publication, newest first, jumping from month to month. */
    public List<MonthCount> months() {
        return Statements.list(
                jdbc, MonthCount.class, Map.of(), """
                        WITH RECURSIVE month AS (
                            SELECT date_trunc('month', (
                                SELECT n.published_at FROM note n WHERE n.published_at IS NOT NULL
                                ORDER BY %3$s LIMIT 1), 'Asia/Shanghai') AS begin
                            UNION ALL
                            SELECT date_trunc('month', (
                                SELECT n.published_at FROM note n WHERE n.published_at < m.begin
                                ORDER BY %3$s LIMIT 1), 'Asia/Shanghai')
                            FROM month m WHERE m.begin IS NOT NULL)
                        SELECT to_char(m.begin AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month, c.notes
                        FROM month m
                        CROSS JOIN LATERAL (
                            SELECT count(*) AS notes
                            FROM (SELECT FROM note n
                                  WHERE n.published_at >= m.begin
                                    AND n.published_at
                                        < date_trunc('month', m.begin + interval '32 days', 'Asia/Shanghai')
                                    AND %1$s
                                  LIMIT %2$d) AS n) AS c
                        WHERE c.notes > 0
                        ORDER BY m.begin DESC
                        """.formatted(NoteView.NOT_ERASED, MOST_OF_MONTH, DOWN));
    }

    /**
     * Returns authors and topics whose name begins with a text, ignoring case of ASCII letters, most notes first. A
     * name with a quote is not suggested, since no term of a filter holds it.
     */
    public List<Suggestion> suggest(String prefix, int limit) {
        String from = FilterTerm.lower(prefix.strip()).replaceFirst("^#", "");
        if (from.isEmpty()) {
            return List.of();
        }
        Map<String, ?> parameters =
                Map.of("from", from, "to", from + "\udbff\udfff", "limit", limit, "most", MOST_SUGGESTED);
        return Statements.list(jdbc, NamedCount.class, parameters, """
                        SELECT 'author' AS kind, a.nickname AS name, c.notes
                        FROM (SELECT author_id, nickname FROM author
                              WHERE nickname !~ '["“”＂]' AND left(lower(nickname COLLATE "C"), 100) >= :from
                                AND left(lower(nickname COLLATE "C"), 100) < :to
                              ORDER BY left(lower(nickname COLLATE "C"), 100)
                              LIMIT 1000) AS a
                        CROSS JOIN LATERAL (
                            SELECT count(*) AS notes
                            FROM (SELECT FROM note n WHERE n.author_id = a.author_id AND %1$s LIMIT :most) AS n) AS c
                        WHERE c.notes > 0 AND NOT is_forgotten_person(a.author_id)
                        UNION ALL
                        SELECT 'topic', t.name, c.notes
                        FROM (SELECT name
                              FROM (SELECT name FROM note_topic
                                    WHERE name !~ '["“”＂]' AND lower(name COLLATE "C") >= :from
                                      AND lower(name COLLATE "C") < :to
                                    ORDER BY lower(name COLLATE "C")
                                    LIMIT :most) AS names
                              GROUP BY name ORDER BY count(*) DESC LIMIT :limit) AS t
                        CROSS JOIN LATERAL (
                            SELECT count(*) AS notes
                            FROM (SELECT FROM note_topic n WHERE n.name = t.name AND %1$s LIMIT :most) AS n) AS c
                        WHERE c.notes > 0
                        ORDER BY notes DESC, kind, name
                        LIMIT :limit
                        """.formatted(NoteView.NOT_ERASED)).stream()
                .map(found -> new Suggestion(
                        found.kind,
                        new FilterTerm.Match(found.key(), List.of(found.name)).text(),
                        found.name,
                        found.notes))
                .toList();
    }

    private record NamedCount(String kind, String name, long notes) {

        FilterKey key() {
            return kind.equals("author") ? FilterKey.AUTHOR : FilterKey.TOPIC;
        }
    }
}
