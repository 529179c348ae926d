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
 * Writes lists of note ids to the worklist: the whole list or, on failure, nothing. Lists with refresh options are
 * written in batches of {@value #BATCH} notes, each in its own transaction, because they lock rows that runs need.
 * After a failure the earlier batches remain; repeating the list completes it.
 *
 * <p>Ids are copied to a temporary table with COPY and merged with few statements, so that a million ids take seconds.
 * Known notes keep their rows, except for the refresh columns if the list sets them.
 *
 * <p>Worklist rows are inserted or locked in id order by one statement and compared with the tombstones afterwards.
 * {@code forget} writes its tombstones first and then inserts or locks the same rows in the same order. So one of the
 * two waits for the other, neither misses the other's writes, and they cannot deadlock.
 */
@Component
@DependsOnDatabaseInitialization
public class Enqueuer {

    /** Maximum number of rejected lines in a report; the consumer of {@link #enqueue} receives all. */
    static final int EXAMPLES = 100;

    /** Maximum number of notes locked by a transaction that plans refreshes. */
    static final int BATCH = 10_000;

    private static final int MAX_LINE = 64 * 1024;
    private static final int MAX_SHOWN = 120;

    /** Longest interval between two responses, in days. */
    public static final int MAX_GAP_DAYS = 36_500;

    /**
     * Condition that a paid refresh response of note {@code w} with row {@code n} is not processed yet. Such a note
     * stays due; otherwise the response would never be read.
     */
    static final String REFRESH_UNPROCESSED = """
            (w.refresh_night IS NOT NULL
             AND EXISTS (SELECT 1 FROM api_call c
                         WHERE c.note_id = w.note_id AND c.refresh AND c.billed = 'YES' AND c.response IS NOT NULL
                           AND c.received_at > n.last_captured_at))
            """;

    /**
     * Names of note columns. {@link #OTHER_COLUMNS} apply only if no column has one of these: {@code _id} of a database
     * export also has 24 hexadecimal digits.
     */
    private static final Set<String> NOTE_COLUMNS =
            Set.of("noteid", "noteurl", "noteurls", "notelink", "笔记id", "笔记链接", "笔记地址", "笔记网址", "笔记url");

    private static final Set<String> OTHER_COLUMNS = Set.of("id", "note", "url", "link", "笔记", "链接", "网址");

    /** Names of columns whose ids look like note ids. */
    private static final Pattern USER_COLUMN = Pattern.compile("(?i)user|author|creator|\\buid\\b|用户|作者|博主");

    /** Part of a URL or of an id. */
    private static final Pattern NOTE_LIKE = Pattern.compile("://|\\.com/|[0-9a-fA-F]{8}");

    private final DataSource dataSource;
    private final Clock clock;

    Enqueuer(DataSource dataSource, Clock clock) {
        this.dataSource = dataSource;
        this.clock = clock;
    }

    /**
     * Format of a list and the values to write with each id.
     *
     * @param column CSV column, by its name in the first line or its number from 1; null to detect it
     * @param priority 0 to 9
     * @param source origin of the ids, for operators
     * @param refreshDays refresh interval in nights; null for that of the settings
     * @param refreshOn night of a single refresh; null for none
     */
    public record Options(
            @Nullable String column,
            int priority,
            String source,
            @Nullable Integer refreshDays,
            @Nullable LocalDate refreshOn) {

        public Options {
            if (priority < 0 || priority > 9) {
                throw new IllegalArgumentException("priority must be 0 to 9, not " + priority);
            }
            if (refreshDays != null && (refreshDays < 1 || refreshDays > MAX_GAP_DAYS)) {
                throw new IllegalArgumentException(
                        "the refresh interval must be 1 to " + MAX_GAP_DAYS + " days, not " + refreshDays);
            }
        }

        private boolean plansRefreshes() {
            return refreshDays != null || refreshOn != null;
        }

        /** Options without refresh values; the settings apply. */
        public Options(@Nullable String column, int priority, String source) {
            this(column, priority, source, null, null);
        }
    }

    /**
     * Reads a list completely and commits it.
     *
     * @param rejects receives each rejected line
     * @throws EnqueueException if the list cannot be read in the stated format; nothing is written then
     */
    public EnqueueReport enqueue(Reader list, Options options, Consumer<Rejected> rejects) {
        // the temporary table belongs to a connection, so all transactions have to use the same one
        try (Connection connection = dataSource.getConnection()) {
            DataSource session = new SingleConnectionDataSource(connection, true);
            JdbcClient jdbc = JdbcClient.create(session);
            TransactionTemplate transaction = new TransactionTemplate(new JdbcTransactionManager(session));
            LineReader lines = transaction.execute(_ -> copy(list, options, rejects, connection, jdbc));
            return write(options, jdbc, transaction, lines);
        } catch (SQLException e) {
            throw new IllegalStateException("no database connection: " + e.getMessage(), e);
        }
    }

    /** Returns the message of the deepest cause. */
    private static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage());
    }

    /** Returns whether a text is a note id or a link to a note. */
    public static boolean isReference(String text) {
        return NoteReference.parse(text) instanceof NoteReference.Note;
    }

    /** Masks the share token of a link, which grants access to the note. */
    public static String withoutShareToken(String text) {
        return text.replaceAll("(?i)(xsec_token(?:=|%3d))[^&\\s\"',;]*", "$1***");
    }

    private static LineReader copy(
            Reader list, Options options, Consumer<Rejected> rejects, Connection connection, JdbcClient jdbc) {
        jdbc.sql("DROP TABLE IF EXISTS pg_temp.enqueued").update(); // of the previous list
        jdbc.sql("CREATE TEMPORARY TABLE enqueued (note_id text NOT NULL, line bigint NOT NULL)")
                .update();
        try {
            CopyIn copy = connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn("COPY enqueued (note_id, line) FROM STDIN");
            try {
                LineReader lines = new LineReader(copy, rejects);
                read(list, options, lines);
                lines.flush();
                copy.endCopy();
                if (options.plansRefreshes()) {
                    setWorkMem(jdbc);
                    jdbc.sql("CREATE INDEX ON enqueued (note_id)").update();
                }
                return lines;
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

    private EnqueueReport write(Options options, JdbcClient jdbc, TransactionTemplate transaction, LineReader lines) {
        Written all = new Written(0, 0);
        Optional<Batch> batch = next(jdbc, options, "");
        while (batch.isPresent()) {
            Batch ids = batch.get();
            all = all.plus(transaction.execute(_ -> write(ids, options, jdbc, lines)));
            batch = next(jdbc, options, ids.last());
        }
        return new EnqueueReport(
                all.added(),
                all.distinct() - all.added(),
                lines.accepted - all.distinct(),
                lines.rejected,
                List.copyOf(lines.examples),
                lines.heading);
    }

    /** Range of ids: after one id, up to and including another. */
    private record Batch(String after, String last) {}

    /** All ids: they are hexadecimal. */
    private static final Batch ALL = new Batch("", "g");

    private record Written(long distinct, long added) {

        Written plus(Written more) {
            return new Written(distinct + more.distinct, added + more.added);
        }
    }

    /** Returns the next batch of a list with refresh options; a list without is one batch. */
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

    private Written write(Batch ids, Options options, JdbcClient jdbc, LineReader lines) {
        setWorkMem(jdbc);
        WorklistStats.countByStatement(jdbc);
        long added = insert(ids, options, jdbc);
        added -= rejectErased(ids, jdbc, lines);
        if (options.plansRefreshes()) {
            planRefreshes(ids, options, jdbc);
        }
        long distinct = jdbc.sql("""
                                SELECT count(*) FROM (
                                    SELECT DISTINCT note_id FROM enqueued WHERE note_id > :after AND note_id <= :last) AS ids
                                """).paramSource(ids).query(Long.class).single();
        return new Written(distinct, added);
    }

    /** Large enough to deduplicate and sort a million ids in memory. */
    private static void setWorkMem(JdbcClient jdbc) {
        jdbc.sql("SET LOCAL work_mem = '256MB'").update();
    }

    /** Inserts new notes; locks known ones if refreshes are planned. */
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
     * Removes erased notes from the worklist and the list.
     *
     * @return number of removed worklist rows
     */
    private static int rejectErased(Batch ids, JdbcClient jdbc, LineReader lines) {
        jdbc.sql("""
                        SELECT e.note_id, e.line, f.forgotten_at FROM enqueued e JOIN forgotten_note f USING (note_id)
                        WHERE e.note_id > :after AND e.note_id <= :last
                        ORDER BY e.line
                        """).paramSource(ids).query(row -> {
            lines.accepted--;
            lines.reject(new Rejected(
                    row.getLong("line"),
                    row.getString("note_id"),
                    "was forgotten on "
                            + Night.of(row.getTimestamp("forgotten_at").toInstant())
                            + ", and will not be archived again"));
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
     * Plans known notes. An archived note is planned relative to its last response; one with an unprocessed response
     * stays due.
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
                        """.formatted(REFRESH_UNPROCESSED))
                .param("days", options.refreshDays(), Types.INTEGER)
                .param("night", options.refreshOn(), Types.DATE)
                .param("after", ids.after())
                .param("last", ids.last())
                .update();
    }

    private static void read(Reader list, Options options, LineReader lines) throws IOException, SQLException {
        BufferedReader reader = new BufferedReader(new PlainText(list), MAX_LINE);
        skipByteOrderMark(reader);
        reader.mark(MAX_LINE);
        String first = readLine(reader);
        if (first == null) {
            return;
        }
        boolean isCut = first.length() >= MAX_LINE - 2;
        char separator = separator(first);
        Optional<Integer> column = options.column() == null ? idColumn(fields(first, separator)) : Optional.empty();
        if (options.column() == null && column.isEmpty()) {
            if (!isCut) {
                rejectUserHeading(first);
            }
            String second = readLine(reader);
            if (!isCut && isHeading(first) && second != null && isReference(second)) {
                lines.heading = LineReader.shown(first);
            } else {
                lines.accept(1, first);
            }
            long number = 2;
            for (String line = second; line != null; line = readLine(reader)) {
                lines.accept(number++, line);
            }
            return;
        }
        if (isCut) {
            throw new EnqueueException(
                    "The first line is longer than " + MAX_LINE + " characters, so it is not CSV; nothing was enqueued",
                    null);
        }
        reader.reset();
        readCsv(
                reader,
                separator,
                column.orElseGet(() -> column(options.column(), fields(first, separator))),
                isNumber(options.column()),
                lines);
    }

    /** User ids cannot be distinguished from note ids, and each costs a call. */
    private static void rejectUserHeading(String first) {
        if (isHeading(first) && USER_COLUMN.matcher(first).find()) {
            throw new EnqueueException(
                    "The first line \""
                            + LineReader.shown(first)
                            + "\" names users and no column of notes; name that column with --column; nothing was enqueued",
                    null);
        }
    }

    private static void readCsv(Reader reader, char separator, int column, boolean byNumber, LineReader lines)
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
                    lines.reject(new Rejected(
                            row.getStartingLineNumber(),
                            LineReader.shown(String.join(" ", row.getFields())),
                            "is empty in column " + (column + 1)));
                    continue;
                }
                lines.accept(row.getStartingLineNumber(), field);
            }
        } catch (CsvParseException e) {
            throw new EnqueueException("The list is not well-formed CSV: " + reason(e) + "; nothing was enqueued", e);
        }
    }

    /**
     * Returns whether the first field of a numbered column, or the first line of a list without a detected column, is a
     * heading. A text that may have been meant as a note is rejected instead.
     */
    private static boolean isHeading(String text) {
        return NoteReference.parse(text) instanceof NoteReference.Invalid
                && !NOTE_LIKE.matcher(text).find();
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
                throw new EnqueueException("Column numbers start at 1; --column " + wanted + " does not exist", null);
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

    /** Parses the first line like the rows below, so that separators within quotes do not split columns. */
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

    /** Reads a line without its end, truncated to a maximum length, so that a binary file cannot exhaust memory. */
    private static @Nullable String readLine(BufferedReader reader) throws IOException {
        StringBuilder line = new StringBuilder();
        int c = reader.read();
        if (c < 0) {
            return null;
        }
        for (; c >= 0 && c != '\n'; c = reader.read()) {
            if (line.length() < MAX_LINE - 2) {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    /** Splits lines into ids, which are copied to the table, and rejected lines. */
    private static final class LineReader {

        private final CopyIn copy;
        private final Consumer<Rejected> rejects;
        private final StringBuilder buffer = new StringBuilder(MAX_LINE);
        private final List<Rejected> examples = new ArrayList<>();
        private long accepted;
        private long rejected;
        private @Nullable String heading;

        LineReader(CopyIn copy, Consumer<Rejected> rejects) {
            this.copy = copy;
            this.rejects = rejects;
        }

        void accept(long number, String text) throws SQLException {
            switch (NoteReference.parse(text)) {
                case NoteReference.Empty _ -> {}
                case NoteReference.Invalid(String reason) -> reject(new Rejected(number, shown(text), reason));
                case NoteReference.Note(var id) -> {
                    accepted++;
                    buffer.append(id.value()).append('\t').append(number).append('\n');
                    if (buffer.length() > MAX_LINE - 100) {
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
            return plain.codePointCount(0, plain.length()) <= MAX_SHOWN
                    ? plain
                    : plain.substring(0, plain.offsetByCodePoints(0, MAX_SHOWN)) + "…";
        }
    }
}
