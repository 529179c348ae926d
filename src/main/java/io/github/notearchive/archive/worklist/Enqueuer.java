package io.github.notearchive.archive.worklist;

import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.worklist.EnqueueReport.Rejected;
import io.github.notearchive.note.Night;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Clock;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Takes lists of note ids into the worklist: all of a list or, when something fails, nothing. A list whose notes are to
 * be refreshed is written in batches of {@value #BATCH} notes, each in its own transaction, because it locks rows that
 * runs need: after a failure the batches before it stay written, and a repeat of the whole list completes it.
 *
 * <p>The ids travel by COPY into a temporary table and from there in few statements, so that a million of them take
 * seconds. A note that is on the worklist already keeps its row as it is, but for when it is asked about anew, where a
 * list says that.
 *
 * <p>Rows of the worklist are inserted or locked in the order of their ids, in one statement, and only then compared
 * with the tombstones. {@code forget} writes its tombstones first and then inserts or locks the same rows in the same
 * order. So one of the two waits for the other, neither misses what the other wrote, and they cannot deadlock.
 */
@Component
@DependsOnDatabaseInitialization
public class Enqueuer {

    /** How many rejected lines a report keeps; the consumer of {@link #enqueue} sees all. */
    static final int EXAMPLES = 100;

    /** How many notes a transaction locks at most where refreshes are planned. */
    static final int BATCH = 10_000;

    private static final int LONGEST_LINE = 64 * 1024;
    private static final int SHOWN = 120;

    /** The longest time between two answers, in days. */
    public static final int LONGEST_GAP = 36_500;

    /**
     * Whether an answer to a refresh of note {@code w} with its row {@code n} is bought and not yet worked on. The note
     * is to stay due then: nobody would look at that answer in a later night.
     */
    public static final String REFRESH_IN_HAND = """
            (w.refresh_night IS NOT NULL
             AND EXISTS (SELECT 1 FROM api_call c
                         WHERE c.note_id = w.note_id AND c.refresh AND c.billed = 'YES' AND c.response IS NOT NULL
                           AND c.received_at > n.last_captured_at))
            """;

    /**
     * What a column of notes is called. {@link #OTHER_COLUMNS} count only where none is called so: {@code _id} of a
     * database's export holds 24 hexadecimal digits, too.
     */
    private static final Set<String> NOTE_COLUMNS =
            Set.of("noteid", "noteurl", "noteurls", "notelink", "笔记id", "笔记链接", "笔记地址", "笔记网址", "笔记url");

    private static final Set<String> OTHER_COLUMNS = Set.of("id", "note", "url", "link", "笔记", "链接", "网址");

    /** Headings of columns whose ids look like those of notes. */
    private static final Pattern NAMES_USERS = Pattern.compile("(?i)user|author|creator|\\buid\\b|用户|作者|博主");

    /** Part of an address, or of an id. */
    private static final Pattern MEANT_FOR_NOTE = Pattern.compile("://|\\.com/|[0-9a-fA-F]{8}");

    private final DataSource dataSource;
    private final Clock clock;

    Enqueuer(DataSource dataSource, Clock clock) {
        this.dataSource = dataSource;
        this.clock = clock;
    }

    /**
     * How to read a list, and what to write beside each id.
     *
     * @param column the CSV column to read, by its name in the first line or its number from 1; null to find out
     * @param priority 0 to 9
     * @param source where the ids come from, for people to read
     * @param refreshDays so many nights after each answer they are asked about anew; null: as the settings say
     * @param refreshOn the night in which they are asked about anew, once; null: in none
     */
    public record Options(
            @Nullable String column,
            int priority,
            String source,
            @Nullable Integer refreshDays,
            @Nullable LocalDate refreshOn) {

        public Options {
            if (priority < 0 || priority > 9) {
                throw new IllegalArgumentException("A priority lies between 0 and 9, not at " + priority);
            }
            if (refreshDays != null && (refreshDays < 1 || refreshDays > LONGEST_GAP)) {
                throw new IllegalArgumentException(
                        "From one answer to the next it is 1 to " + LONGEST_GAP + " days, not " + refreshDays);
            }
        }

        private boolean plansRefreshes() {
            return refreshDays != null || refreshOn != null;
        }

        /** Notes that are asked about anew when the settings say so. */
        public Options(@Nullable String column, int priority, String source) {
            this(column, priority, source, null, null);
        }
    }

    /**
     * Reads a list to its end and commits it.
     *
     * @param rejects sees each line that names no note
     * @throws EnqueueException when the list cannot be read as what it is said to be; nothing is written then
     */
    public EnqueueReport enqueue(Reader list, Options options, Consumer<Rejected> rejects) {
        // the temporary table belongs to a connection, so all transactions have to use the same one
        try (Connection connection = dataSource.getConnection()) {
            DataSource session = new SingleConnectionDataSource(connection, true);
            JdbcClient jdbc = JdbcClient.create(session);
            TransactionTemplate transaction = new TransactionTemplate(new JdbcTransactionManager(session));
            Intake intake = transaction.execute(_ -> copy(list, options, rejects, connection, jdbc));
            return write(options, jdbc, transaction, intake);
        } catch (SQLException e) {
            throw new IllegalStateException("No connection: " + e.getMessage(), e);
        }
    }

    /** Why a list cannot be read, in the words of whoever found out. */
    private static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage());
    }

    /** Whether a text by itself names a note, as an id or by a link. */
    public static boolean isReference(String text) {
        return NoteReference.parse(text) instanceof NoteReference.Known;
    }

    /** A link without the token that lets whoever holds it see the note. */
    public static String withoutShareToken(String text) {
        return text.replaceAll("(?i)(xsec_token(?:=|%3d))[^&\\s\"',;]*", "$1***");
    }

    private static Intake copy(
            Reader list, Options options, Consumer<Rejected> rejects, Connection connection, JdbcClient jdbc) {
        jdbc.sql("DROP TABLE IF EXISTS pg_temp.enqueued").update(); // of the list before
        jdbc.sql("CREATE TEMPORARY TABLE enqueued (note_id text NOT NULL, line bigint NOT NULL)")
                .update();
        try {
            CopyIn copy = connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn("COPY enqueued (note_id, line) FROM STDIN");
            try {
                Intake intake = new Intake(copy, rejects);
                read(list, options, intake);
                intake.flush();
                copy.endCopy();
                if (options.plansRefreshes()) {
                    setWorkMem(jdbc);
                    jdbc.sql("CREATE INDEX ON enqueued (note_id)").update();
                }
                return intake;
            } finally {
                if (copy.isActive()) {
                    copy.cancelCopy();
                }
            }
        } catch (IOException | UncheckedIOException e) {
            throw new EnqueueException("The list cannot be read: " + reason(e) + "; nothing was enqueued", e);
        } catch (SQLException e) {
            throw new IllegalStateException("COPY failed: " + e.getMessage(), e);
        }
    }

    private EnqueueReport write(Options options, JdbcClient jdbc, TransactionTemplate transaction, Intake intake) {
        Written all = new Written(0, 0);
        Optional<Batch> batch = next(jdbc, options, "");
        while (batch.isPresent()) {
            Batch ids = batch.get();
            all = all.plus(transaction.execute(_ -> write(ids, options, jdbc, intake)));
            batch = next(jdbc, options, ids.last());
        }
        return new EnqueueReport(
                all.added(),
                all.distinct() - all.added(),
                intake.taken - all.distinct(),
                intake.rejected,
                List.copyOf(intake.examples),
                intake.heading);
    }

    /** The ids of a list behind one, up to and including another, in their order. */
    private record Batch(String after, String last) {}

    /** Ids are hexadecimal. */
    private static final Batch ALL = new Batch("", "g");

    private record Written(long distinct, long added) {

        Written plus(Written more) {
            return new Written(distinct + more.distinct, added + more.added);
        }
    }

    /** The next batch of a list whose notes are to be refreshed; all of another list at once. */
    private static Optional<Batch> next(JdbcClient jdbc, Options options, String after) {
        if (!options.plansRefreshes()) {
            return after.isEmpty() ? Optional.of(ALL) : Optional.empty();
        }
        return jdbc.sql("""
                        SELECT max(note_id) FROM (
                            SELECT DISTINCT note_id FROM enqueued WHERE note_id > :after ORDER BY note_id LIMIT :most) AS ids
                        HAVING max(note_id) IS NOT NULL
                        """)
                .param("after", after)
                .param("most", BATCH)
                .query(String.class)
                .optional()
                .map(last -> new Batch(after, last));
    }

    private Written write(Batch ids, Options options, JdbcClient jdbc, Intake intake) {
        setWorkMem(jdbc);
        WorklistStats.countByStatement(jdbc);
        long added = insert(ids, options, jdbc);
        added -= rejectForgotten(ids, jdbc, intake);
        if (options.plansRefreshes()) {
            planRefreshes(ids, options, jdbc);
        }
        long distinct = jdbc.sql("""
                                SELECT count(*) FROM (
                                    SELECT DISTINCT note_id FROM enqueued WHERE note_id > :after AND note_id <= :last) AS ids
                                """).paramSource(ids).query(Long.class).single();
        return new Written(distinct, added);
    }

    /** Enough for a million ids, so that they are told apart and put in order in memory. */
    private static void setWorkMem(JdbcClient jdbc) {
        jdbc.sql("SET LOCAL work_mem = '256MB'").update();
    }

    /** Inserts what is not on the worklist; where refreshes are planned, locks what is. */
    private long insert(Batch ids, Options options, JdbcClient jdbc) {
        return jdbc.sql("""
                        INSERT INTO worklist (note_id, priority, source, enqueued_at, due_at, refresh_days, refresh_on)
                        SELECT DISTINCT note_id, :priority, :source, :now::timestamptz, :now::timestamptz,
                               :days::integer, :night::date
                        FROM enqueued
                        WHERE note_id > :after AND note_id <= :last
                        ORDER BY note_id
                        ON CONFLICT (note_id) %s
                        """.formatted(
                                options.plansRefreshes()
                                        ? "DO UPDATE SET note_id = EXCLUDED.note_id WHERE false"
                                        : "DO NOTHING"))
                .param("priority", options.priority())
                .param("source", options.source())
                .param("now", Timestamp.from(clock.instant()))
                .param("days", options.refreshDays(), Types.INTEGER)
                .param("night", options.refreshOn(), Types.DATE)
                .param("after", ids.after())
                .param("last", ids.last())
                .update();
    }

    /**
     * Takes forgotten notes off the worklist and the list again.
     *
     * @return how many were inserted
     */
    private static int rejectForgotten(Batch ids, JdbcClient jdbc, Intake intake) {
        jdbc.sql("""
                        SELECT e.note_id, e.line, f.forgotten_at FROM enqueued e JOIN forgotten_note f USING (note_id)
                        WHERE e.note_id > :after AND e.note_id <= :last
                        ORDER BY e.line
                        """).paramSource(ids).query(row -> {
            intake.taken--;
            intake.reject(new Rejected(
                    row.getLong("line"),
                    row.getString("note_id"),
                    "was forgotten on "
                            + Night.of(row.getTimestamp("forgotten_at").toInstant())
                            + ", and is not archived again"));
        });
        return jdbc.sql("""
                        WITH forgotten AS (
                            DELETE FROM enqueued e USING forgotten_note f
                            WHERE e.note_id = f.note_id AND e.note_id > :after AND e.note_id <= :last
                            RETURNING e.note_id)
                        DELETE FROM worklist WHERE note_id IN (SELECT note_id FROM forgotten)
                        """).paramSource(ids).update();
    }

    /**
     * For notes that are on the list already; those that are archived have had their answer, or have one that is yet to
     * be worked on, behind which they are planned.
     */
    private static void planRefreshes(Batch ids, Options options, JdbcClient jdbc) {
        jdbc.sql("""
                        UPDATE worklist w
                        SET refresh_days = coalesce(:days, w.refresh_days),
                            refresh_on = coalesce(:night, w.refresh_on),
                            refresh_night = CASE WHEN w.state = 'ARCHIVED' AND NOT %s
                                THEN least(CASE WHEN coalesce(:night::date, w.refresh_on) > t.captured
                                                THEN coalesce(:night::date, w.refresh_on) END,
                                           coalesce(t.captured + :days::int, w.refresh_night))
                                ELSE w.refresh_night END,
                            refresh_attempts = 0
                        FROM (SELECT DISTINCT note_id FROM enqueued
                              WHERE note_id > :after AND note_id <= :last) ids
                        LEFT JOIN note n USING (note_id)
                        CROSS JOIN LATERAL (
                            SELECT (n.last_captured_at AT TIME ZONE 'Asia/Shanghai')::date AS captured) AS t
                        WHERE w.note_id = ids.note_id
                        """.formatted(REFRESH_IN_HAND))
                .param("days", options.refreshDays(), Types.INTEGER)
                .param("night", options.refreshOn(), Types.DATE)
                .param("after", ids.after())
                .param("last", ids.last())
                .update();
    }

    private static void read(Reader list, Options options, Intake intake) throws IOException, SQLException {
        BufferedReader reader = new BufferedReader(new PlainText(list), LONGEST_LINE);
        skipByteOrderMark(reader);
        reader.mark(LONGEST_LINE);
        String first = readLine(reader);
        if (first == null) {
            return;
        }
        boolean isCut = first.length() >= LONGEST_LINE - 2;
        char separator = separator(first);
        Optional<Integer> column = options.column() == null ? idColumn(fields(first, separator)) : Optional.empty();
        if (options.column() == null && column.isEmpty()) {
            if (!isCut) {
                requireNoHeadingOfUsers(first);
            }
            String second = readLine(reader);
            if (!isCut && isHeading(first) && second != null && isReference(second)) {
                intake.heading = Intake.shown(first);
            } else {
                intake.take(1, first);
            }
            long number = 2;
            for (String line = second; line != null; line = readLine(reader)) {
                intake.take(number++, line);
            }
            return;
        }
        if (isCut) {
            throw new EnqueueException(
                    "The first line is longer than "
                            + LONGEST_LINE
                            + " characters: this is no CSV; nothing was enqueued",
                    null);
        }
        reader.reset();
        readCsv(
                reader,
                separator,
                column.orElseGet(() -> column(options.column(), fields(first, separator))),
                isNumber(options.column()),
                intake);
    }

    /** A user's id cannot be distinguished from a note's, and each costs a call. */
    private static void requireNoHeadingOfUsers(String first) {
        if (isHeading(first) && NAMES_USERS.matcher(first).find()) {
            throw new EnqueueException(
                    "The first line \""
                            + Intake.shown(first)
                            + "\" names users and no column of notes; name that column with --column; nothing was enqueued",
                    null);
        }
    }

    private static void readCsv(Reader reader, char separator, int column, boolean byNumber, Intake intake)
            throws IOException, SQLException {
        try (CloseableIterator<CsvRecord> records = CsvReader.builder()
                .fieldSeparator(separator)
                .allowExtraFields(true)
                .allowMissingFields(true)
                .ofCsvRecord(new ClosedQuotes(reader, separator))
                .iterator()) {
            boolean header = true;
            while (records.hasNext()) {
                CsvRecord row = records.next();
                String field = column < row.getFieldCount() ? row.getField(column) : "";
                boolean skip = header && (!byNumber || isHeading(field));
                header = false;
                if (skip) {
                    continue;
                }
                if (field.isBlank() && !isBlank(row)) {
                    intake.reject(new Rejected(
                            row.getStartingLineNumber(),
                            Intake.shown(String.join(" ", row.getFields())),
                            "has nothing in column " + (column + 1)));
                    continue;
                }
                intake.take(row.getStartingLineNumber(), field);
            }
        } catch (CsvParseException e) {
            throw new EnqueueException("The list is no well-formed CSV: " + reason(e) + "; nothing was enqueued", e);
        }
    }

    /**
     * Whether the first field of a column that is known by its number, or the first line of a list without a known
     * column, is a heading. One that may have been meant for a note is rejected.
     */
    private static boolean isHeading(String text) {
        return NoteReference.parse(text) instanceof NoteReference.Unusable
                && !MEANT_FOR_NOTE.matcher(text).find();
    }

    private static boolean isBlank(CsvRecord row) {
        return row.getFields().stream().allMatch(String::isBlank);
    }

    private static boolean isNumber(@Nullable String column) {
        return column != null && column.matches("\\d{1,4}");
    }

    private static int column(@Nullable String wanted, List<String> names) {
        if (isNumber(wanted) && wanted != null) {
            int number = Integer.parseInt(wanted);
            if (number < 1) {
                throw new EnqueueException("Columns are counted from 1; --column " + wanted + " does not exist", null);
            }
            if (number > names.size()) {
                throw new EnqueueException(
                        "The list has no column "
                                + number
                                + "; its first line has "
                                + names.size()
                                + "; nothing was enqueued",
                        null);
            }
            return number - 1;
        }
        for (int i = 0; i < names.size(); i++) {
            if (names.get(i).strip().equalsIgnoreCase(wanted)) {
                return i;
            }
        }
        throw new EnqueueException(
                "The list has no column \""
                        + wanted
                        + "\"; its first line names "
                        + String.join(", ", names)
                        + "; nothing was enqueued",
                null);
    }

    private static Optional<Integer> idColumn(List<String> names) {
        return first(NOTE_COLUMNS, names).or(() -> first(OTHER_COLUMNS, names));
    }

    private static Optional<Integer> first(Set<String> wanted, List<String> names) {
        for (int i = 0; i < names.size(); i++) {
            if (wanted.contains(names.get(i).toLowerCase(Locale.ROOT).replaceAll("[ _-]", ""))) {
                return Optional.of(i);
            }
        }
        return Optional.empty();
    }

    /** As the rows below are read, or a separator within quotes would make another column of each. */
    private static List<String> fields(String line, char separator) {
        try (CloseableIterator<CsvRecord> records = CsvReader.builder()
                .fieldSeparator(separator)
                .allowExtraCharsAfterClosingQuote(true) // a line of text may have them
                .ofCsvRecord(line)
                .iterator()) {
            return records.hasNext()
                    ? records.next().getFields().stream().map(String::strip).toList()
                    : List.of("");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static char separator(String header) {
        String unquoted = header.replaceAll("\"[^\"]*\"", "");
        for (char candidate : new char[] {',', ';', '\t'}) {
            if (unquoted.indexOf(candidate) >= 0) {
                return candidate;
            }
        }
        return ',';
    }

    private static void skipByteOrderMark(BufferedReader reader) throws IOException {
        reader.mark(1);
        if (reader.read() != '\uFEFF') {
            reader.reset();
        }
    }

    /**
     * A line without its end, cut at the longest length that makes sense, so that a binary file cannot fill the memory.
     */
    private static @Nullable String readLine(BufferedReader reader) throws IOException {
        StringBuilder line = new StringBuilder();
        int c = reader.read();
        if (c < 0) {
            return null;
        }
        for (; c >= 0 && c != '\n'; c = reader.read()) {
            if (line.length() < LONGEST_LINE - 2) {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    /** Sorts lines into ids, which go to COPY, and rejects. */
    private static final class Intake {

        private final CopyIn copy;
        private final Consumer<Rejected> rejects;
        private final StringBuilder buffer = new StringBuilder(LONGEST_LINE);
        private final List<Rejected> examples = new ArrayList<>();
        private long taken;
        private long rejected;
        private @Nullable String heading;

        Intake(CopyIn copy, Consumer<Rejected> rejects) {
            this.copy = copy;
            this.rejects = rejects;
        }

        void take(long number, String text) throws SQLException {
            switch (NoteReference.parse(text)) {
                case NoteReference.Nothing _ -> {}
                case NoteReference.Unusable(String reason) -> reject(new Rejected(number, shown(text), reason));
                case NoteReference.Known(var id) -> {
                    taken++;
                    buffer.append(id.value()).append('\t').append(number).append('\n');
                    if (buffer.length() > LONGEST_LINE - 100) {
                        flush();
                    }
                }
            }
        }

        private void reject(Rejected line) {
            rejected++;
            if (examples.size() < EXAMPLES) {
                examples.add(line);
            }
            rejects.accept(line);
        }

        void flush() throws SQLException {
            byte[] bytes = buffer.toString().getBytes(StandardCharsets.US_ASCII);
            copy.writeToCopy(bytes, 0, bytes.length);
            buffer.setLength(0);
        }

        private static String shown(String text) {
            String plain = withoutShareToken(text.strip()).replaceAll("\\p{Cntrl}", "?");
            return plain.codePointCount(0, plain.length()) <= SHOWN
                    ? plain
                    : plain.substring(0, plain.offsetByCodePoints(0, SHOWN)) + "…";
        }
    }
}
