package io.github.notearchive.archive.query;

import io.github.notearchive.archive.query.NoteCards.CardOrder;
import io.github.notearchive.archive.query.NoteCards.MonthCount;
import io.github.notearchive.archive.query.NoteFilter.Condition;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import java.time.YearMonth;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Finds how many notes match a filter, and the newest of them in any order, without erased notes. */
@Repository
public final class NoteResults {

    /** Notes of a result; of more matching notes, the newest published. */
    public static final int MOST = 3000;

    /** Matches among the newest notes from which on the index is not read, which would find too many notes. */
    private static final int FREQUENT = 50;

    private final JdbcClient jdbc;

    NoteResults(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /**
     * Notes that match a filter.
     *
     * @param ids at most {@value #MOST} notes in the order asked for
     * @param months months in which they were published, newest first
     * @param isMore whether more notes match than {@code ids}
     * @param isPart whether only the newest 20,000 notes were compared: older ones may match
     */
    public record FoundNotes(List<NoteId> ids, List<MonthCount> months, boolean isMore, boolean isPart) {}

    /**
     * Finds the notes, at most 20,000 of which are compared if no index serves the filter, or if matches are frequent.
     */
    public FoundNotes find(NoteFilter filter, CardOrder order) {
        List<NotePosition> found = matches(filter);
        boolean isMore = found.size() > MOST;
        List<NotePosition> kept = isMore ? found.subList(0, MOST) : found;
        return new FoundNotes(ordered(kept, order), months(kept), isMore, !isMore && isPart(filter, found));
    }

    private List<NotePosition> matches(NoteFilter filter) {
        if (filter.isPublishedOnly()) {
            return list(filter.published(), """
                    SELECT n.published_at AS at, n.note_id AS id FROM note n
                    WHERE (%s) AND %s ORDER BY %s LIMIT %d
                    """.formatted(
                            filter.published().sql(), NoteView.NOT_ERASED, NoteCards.DOWN, MOST + 1));
        }
        if (!filter.isIndexed() || newest(filter, NoteCards.WINDOW).size() >= FREQUENT) {
            return newest(filter, NoteCards.MOST_READ);
        }
        Condition indexed = new Condition(filter.condition(), filter.parameters());
        return list(indexed, """
                WITH matching AS MATERIALIZED (
                    SELECT n.note_id, n.published_at
                    FROM note n LEFT JOIN worklist w USING (note_id)
                    WHERE (%s) AND %s)
                SELECT n.published_at AS at, n.note_id AS id FROM matching n ORDER BY %s LIMIT %d
                """.formatted(indexed.sql(), NoteView.NOT_ERASED, NoteCards.DOWN, MOST + 1));
    }

    /** Returns the matches among the newest notes. */
    private List<NotePosition> newest(NoteFilter filter, int compared) {
        Condition scan = filter.scan();
        Condition published = filter.published();
        Map<String, Object> parameters = new HashMap<>(scan.parameters());
        parameters.putAll(published.parameters());
        return list(new Condition("", parameters), """
                SELECT n.published_at AS at, n.note_id AS id
                FROM (SELECT * FROM note n WHERE (%1$s) ORDER BY %2$s LIMIT %3$d) AS n
                LEFT JOIN worklist w USING (note_id)
                WHERE (%4$s) AND %5$s
                ORDER BY %2$s
                LIMIT %6$d
                """.formatted(
                        published.sql(), NoteCards.DOWN, compared, scan.sql(), NoteView.NOT_ERASED, MOST + 1));
    }

    /** Returns whether there are notes that were not compared. */
    private boolean isPart(NoteFilter filter, List<NotePosition> found) {
        if (filter.isPublishedOnly() || (filter.isIndexed() && found.size() < FREQUENT)) {
            return false;
        }
        return !list(filter.published(), """
                        SELECT n.published_at AS at, n.note_id AS id FROM note n
                        WHERE (%s) ORDER BY %s OFFSET %d LIMIT 1
                        """.formatted(filter.published().sql(), NoteCards.DOWN, NoteCards.MOST_READ))
                .isEmpty();
    }

    private List<NotePosition> list(Condition condition, String sql) {
        return Statements.list(jdbc, NotePosition.class, condition.parameters(), sql);
    }

    private List<NoteId> ordered(List<NotePosition> found, CardOrder order) {
        List<String> ids = found.stream().map(NotePosition::id).toList();
        return order == CardOrder.PUBLISHED
                ? ids.stream().map(NoteId::new).toList()
                : Statements.list(
                        jdbc,
                        NoteId.class,
                        Map.of("ids", ids.toArray(String[]::new)),
                        "SELECT n.note_id AS value FROM note n WHERE n.note_id = ANY (:ids) ORDER BY " + order.sql());
    }

    /** Counts notes that are sorted by the time of publication. */
    private static List<MonthCount> months(List<NotePosition> found) {
        Map<String, Long> months = new LinkedHashMap<>();
        found.stream()
                .flatMap(note -> Stream.ofNullable(note.at()))
                .forEach(
                        at -> months.merge(YearMonth.from(at.atZone(Night.ZONE)).toString(), 1L, Long::sum));
        return months.entrySet().stream()
                .map(month -> new MonthCount(month.getKey(), month.getValue()))
                .toList();
    }
}
