package io.github.notearchive.nightly;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.ledger.ResponseSpool;
import io.github.notearchive.archive.query.NoteStats;
import io.github.notearchive.archive.query.NoteStats.CallEntry;
import io.github.notearchive.archive.worklist.Enqueuer;
import io.github.notearchive.archive.worklist.Enqueuer.EnqueueReport;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRepository.WorklistEntry;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.TcpProxy;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.sandbox.SandboxNoteKind;
import io.github.notearchive.sandbox.SandboxScript;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.commons.io.function.Uncheck;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.util.FileSystemUtils;
import tools.jackson.databind.JsonNode;

/**
 * Fixture of one night of archiving: pending notes, the provider's script, and the results.
 *
 * <p>It begins at noon in Shanghai of the same day in every test.
 */
public final class NightlyScenario {

    public static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final LocalDate FIRST = LocalDate.of(2026, 3, 10);

    /** Ends after which claims may be left until their leases end. */
    private static final Set<ExitCode> UNFORESEEN =
            Set.of(ExitCode.FAILED, ExitCode.USAGE, ExitCode.ALREADY_RUNNING, ExitCode.UPSTREAM_UNAVAILABLE);

    private final JdbcClient jdbc;
    private final NightlyJobRunner runner;
    private final WorklistRepository worklist;
    private final Enqueuer enqueuer;
    private final NoteStats history;
    private final MediaCatalog media;
    private final ArchiveProperties settings;
    private final NightServers servers;
    private final List<AnnotationConfigApplicationContext> runs = new CopyOnWriteArrayList<>();
    private final List<CompletableFuture<RunSummary>> aside = new ArrayList<>();

    NightlyScenario(
            NightServers servers,
            JdbcClient jdbc,
            NightlyJobRunner runner,
            WorklistRepository worklist,
            Enqueuer enqueuer,
            NoteStats history,
            MediaCatalog media,
            ArchiveProperties settings) {
        this.servers = servers;
        this.jdbc = jdbc;
        this.runner = runner;
        this.worklist = worklist;
        this.enqueuer = enqueuer;
        this.history = history;
        this.media = media;
        this.settings = settings;
    }

    /** Empties everything, and lets the provider do what it should. */
    public void begin() {
        servers.clock.set(noonOf(FIRST));
        servers.provider.script().clear().unlimited();
        servers.provider.resetCounts();
        empty();
        delete(bucket());
        delete(answerFiles());
    }

    /** Where nodes of this machine keep answers that the database does not take. */
    public Path answerFiles() {
        return servers.home.resolve("work").resolve("answers");
    }

    /**
     * Deletes all rows, which takes a tenth of the time of truncating some sixty small files. Once in a while they are
     * truncated, since deleted rows are still read.
     */
    private void empty() {
        if (servers.nights == 0) {
            for (String table : List.of("job_instance", "job_execution", "step_execution")) {
                update("ALTER SEQUENCE batch_" + table + "_seq RESTART WITH " + servers.firstExecution);
            }
        }
        List<String> tables = texts("""
                SELECT quote_ident(table_name) FROM information_schema.tables
                WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
                  AND table_name NOT IN ('flyway_schema_history', 'call_pace')
                """);
        update("DELETE FROM call_pace; INSERT INTO call_pace DEFAULT VALUES");
        if (servers.nights++ % 20 == 0) {
            jdbc.sql("TRUNCATE " + String.join(", ", tables) + " CASCADE").update();
            return;
        }
        StringBuilder deletes = new StringBuilder("SET session_replication_role = replica;");
        for (String table : tables) {
            deletes.append("DELETE FROM ").append(table).append(';');
        }
        jdbc.sql(deletes.append("SET session_replication_role = DEFAULT").toString())
                .update();
    }

    /** Releases everything that is held, and waits for the runs aside. */
    public void end() throws Exception {
        servers.provider.script().clear().releaseHung();
        servers.provider.releaseResponses();
        servers.provider.releaseMedia();
        servers.providerRelay.mend();
        servers.storeRelay.mend();
        mendWayToDatabase();
        for (CompletableFuture<RunSummary> run : aside) {
            RunSummary _ = run.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
        aside.clear();
        await(
                "the provider is done with all calls",
                () -> servers.provider.callsSeen().size() >= servers.provider.calls()
                        && servers.provider.videoCallsSeen().size() >= servers.provider.videoCalls());
    }

    private static void delete(Path directory) {
        try {
            boolean _ = FileSystemUtils.deleteRecursively(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Instant noonOf(LocalDate day) {
        return day.atTime(12, 0).atZone(io.github.notearchive.note.Night.ZONE).toInstant();
    }

    // the provider

    public ScriptableSandbox provider() {
        return servers.provider;
    }

    public SandboxScript script() {
        return servers.provider.script();
    }

    public TcpProxy wayToProvider() {
        return servers.providerRelay;
    }

    public TcpProxy wayToStore() {
        return servers.storeRelay;
    }

    /** For classes whose database is behind the relay. */
    TcpProxy wayToDatabase() {
        return servers.databaseRelay;
    }

    /** Returns when the pool, which refuses connections for a moment, gives them again. */
    void mendWayToDatabase() throws InterruptedException {
        servers.databaseRelay.mend();
        await("the database accepts connections", () -> {
            try {
                return count("SELECT 1") == 1;
            } catch (DataAccessException e) {
                return false;
            }
        });
    }

    /** Requests that reached the provider. */
    public int calls() {
        return servers.provider.calls();
    }

    public int calls(String note) {
        return servers.provider.calls(note);
    }

    // the worklist

    /** Enqueues so many notes, of text alone. */
    public List<String> pending(int count) {
        return pending(SandboxNoteKind.TEXT, count);
    }

    public List<String> pending(SandboxNoteKind kind, int count) {
        return pending(servers.provider.noteIds(kind, count));
    }

    public List<String> pending(List<String> notes) {
        assertThat(enqueue(notes, 5, null, null).added()).isEqualTo(notes.size());
        return notes;
    }

    public EnqueueReport enqueue(
            List<String> notes, int priority, @Nullable Integer refreshDays, @Nullable LocalDate refreshOn) {
        return enqueuer.enqueue(
                new StringReader(String.join("\n", notes)),
                new Enqueuer.Options(null, priority, "test", refreshDays, refreshOn),
                _ -> {},
                null);
    }

    public void requeue(String note) {
        assertThat(worklist.requeue(List.of(new NoteId(note)))).hasSize(1);
    }

    public WorklistEntry note(String note) {
        return worklist.find(new NoteId(note)).orElseThrow();
    }

    public NoteState state(String note) {
        return note(note).state();
    }

    public List<NoteState> states(List<String> notes) {
        return notes.stream().map(this::state).toList();
    }

    public List<String> archived() {
        return jdbc.sql("SELECT note_id FROM worklist WHERE state = 'ARCHIVED' ORDER BY note_id")
                .query(String.class)
                .list();
    }

    long claims() {
        return count("SELECT count(*) FROM worklist WHERE claimed_by IS NOT NULL");
    }

    // what there is in the database

    public List<CallEntry> ledger(String note) {
        return history.calls(new NoteId(note));
    }

    /** The bills of a note's calls, oldest first. */
    public List<String> bills(String note) {
        return ledger(note).stream().map(call -> call.billed().name()).toList();
    }

    public List<SlotRow> slots(String note) {
        return media.slotsOf(new NoteId(note));
    }

    List<SlotRow> slots(String note, MediaKind kind) {
        return slots(note).stream().filter(slot -> slot.kind() == kind).toList();
    }

    SlotRow video(String note) {
        return slots(note, MediaKind.VIDEO).getFirst();
    }

    /** The files of a note in their order, each like {@code VIDEO MISSING DEAD}. */
    List<String> files(String note) {
        return slots(note).stream()
                .map(slot -> slot.kind() + " " + slot.state() + (slot.reason() == null ? "" : " " + slot.reason()))
                .toList();
    }

    /** Asserts state and reason of a note, and what its detail contains. */
    void assertNote(String note, NoteState state, StateReason reason, String... detail) {
        WorklistEntry entry = note(note);
        assertThat(entry.state()).isEqualTo(state);
        assertThat(entry.reason()).isEqualTo(reason);
        assertThat(entry.detail()).contains(detail);
    }

    void assertUntouched(List<String> notes) {
        assertThat(states(notes)).containsOnly(NoteState.PENDING);
        assertThat(notes).allMatch(note -> note(note).attempts() + note(note).mediaAttempts() == 0);
    }

    /** Asserts that the notes are archived, after so many calls in all. */
    void assertArchived(List<String> notes, int calls) {
        assertThat(states(notes)).containsOnly(NoteState.ARCHIVED);
        assertThat(calls()).isEqualTo(calls);
    }

    void assertBoughtOnce(List<String> notes) {
        assertThat(states(notes)).containsOnly(NoteState.ARCHIVED);
        assertThat(servers.provider.bought()).containsExactlyInAnyOrderElementsOf(notes);
    }

    /** The node's executions, oldest first. */
    public List<Execution> executions() {
        return jdbc.sql("""
                        SELECT job_execution_id AS id, job_instance_id AS instance, status, exit_code, exit_message AS message
                        FROM batch_job_execution ORDER BY id
                        """).query(Execution.class).list();
    }

    void assertExecution(String status, String exitCode) {
        assertThat(executions())
                .singleElement()
                .returns(status, Execution::status)
                .returns(exitCode, Execution::exitCode);
    }

    public List<String> exitCodes() {
        return executions().stream().map(Execution::exitCode).toList();
    }

    public Set<Long> instances() {
        return new HashSet<>(executions().stream().map(Execution::instance).toList());
    }

    /** Notes read and notes written by the workers of an execution. */
    List<Long> readAndWritten(Long execution) {
        return jdbc.sql("""
                        SELECT sum(read_count) AS read, sum(write_count) AS written
                        FROM batch_step_execution
                        WHERE job_execution_id = :execution AND step_name LIKE 'archiveNotes:%'
                        """)
                .param("execution", execution)
                .query((row, _) -> List.of(row.getLong(1), row.getLong(2)))
                .single();
    }

    /** Counts rows, such as those of a table. */
    public long rows(String rows) {
        return count("SELECT count(*) FROM " + rows);
    }

    public long count(String sql, Object... parameters) {
        return jdbc.sql(sql).params(parameters).query(Long.class).single();
    }

    public JdbcClient sql() {
        return jdbc;
    }

    public void update(String sql, Object... parameters) {
        jdbc.sql(sql).params(parameters).update();
    }

    List<String> texts(String sql) {
        return jdbc.sql(sql).query(String.class).list();
    }

    /** Returns a value of a note as text; {@code sql} has the parameter {@code :note}. */
    @Nullable
    String text(String sql, String note) {
        return jdbc.sql(sql).param("note", note).query(String.class).optional().orElse(null);
    }

    /** Another node, or an earlier process of this one, claims these notes. */
    void claimedBy(String node, List<String> notes) {
        jdbc.sql("""
                        UPDATE worklist SET claimed_by = :node, claimed_until = now() + interval '5 minutes',
                                            claim_id = nextval('worklist_claim_seq')
                        WHERE note_id IN (:notes)
                        """).param("node", node).param("notes", notes).update();
    }

    public record Execution(long id, long instance, String status, String exitCode, String message) {}

    /** The ledger holds an answer of this note that was bought so long ago. */
    public void holdsResponseOf(String note, Duration ago) {
        holds(note, Endpoint.DETAIL, ago, servers.provider.envelope(note));
    }

    /** The ledger holds an answer with the video of this note. */
    void holdsVideoOf(String note) {
        holds(note, Endpoint.VIDEO, Duration.ofMinutes(1), servers.provider.videoEnvelope(note));
    }

    private void holds(String note, Endpoint endpoint, Duration ago, JsonNode answer) {
        update(
                """
                INSERT INTO api_call (note_id, endpoint, sent_at, received_at, http_status, code, billed, response)
                SELECT ?, ?, t, t, 200, 0, 'YES', ? FROM (VALUES (?::timestamptz)) AS bought (t)
                """,
                note,
                endpoint.ledgerName(),
                answer.toString().getBytes(UTF_8),
                Timestamp.from(servers.clock.instant().minus(ago)));
    }

    /** Whether a paid response waits in a file for the database. */
    public boolean hasSpooledResponse() {
        return !Uncheck.get(new ResponseSpool(answerFiles().resolve("main"))::nonEmpty)
                .isEmpty();
    }

    // what there is in the bucket

    /** The keys below a prefix, sorted, with the bytes of each. */
    public TreeMap<String, byte[]> objects(String prefix) {
        TreeMap<String, byte[]> objects = new TreeMap<>();
        for (Path file : filesBelow(bucket())) {
            String key = bucket().relativize(file).toString();
            if (key.startsWith(prefix)) {
                try {
                    objects.put(key, Files.readAllBytes(file));
                } catch (NoSuchFileException e) {
                    // an upload that has ended since
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
        return objects;
    }

    private static List<Path> filesBelow(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile).toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The folder that the store keeps its objects in. */
    public Path bucket() {
        return servers.bucket();
    }

    /** Executes while the database has no disk space for updates of such rows. */
    <T> T withFullDisk(String table, String rows, Callable<T> action) throws Exception {
        return refusing("UPDATE ON " + table, rows, "53100", "could not extend file", Integer.MAX_VALUE, action);
    }

    /** Executes while the database refuses a statement such as {@code INSERT ON note} for these rows, so many times. */
    <T> T refusing(String statement, String rows, String sqlState, String message, int times, Callable<T> action)
            throws Exception {
        update("""
                CREATE SEQUENCE refused;
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF nextval('refused') <= %d THEN RAISE EXCEPTION '%s' USING ERRCODE = '%s'; END IF;
                    RETURN NEW;
                END $$;
                CREATE TRIGGER refuse BEFORE %s FOR EACH ROW WHEN (%s) EXECUTE FUNCTION refuse()
                """.formatted(times, message, sqlState, statement, rows));
        try {
            return action.call();
        } finally {
            update("DROP FUNCTION refuse CASCADE; DROP SEQUENCE refused");
        }
    }

    public Connection connect() throws SQLException {
        return servers.connect();
    }

    /** The source's names of a note's pictures, as they stand in the addresses. */
    public List<String> pictures(String note) {
        JsonNode images = servers.provider.envelope(note).at("/data/0/note_list/0/images_list");
        return images.valueStream()
                .map(image -> image.path("fileid").stringValue())
                .toList();
    }

    // time

    public MovableClock clock() {
        return servers.clock;
    }

    public io.github.notearchive.note.Night today() {
        return io.github.notearchive.note.Night.current(servers.clock);
    }

    /** It is noon in Shanghai of the next day. */
    public void isNextDay() {
        servers.clock.set(noonOf(today().date().plusDays(1)));
    }

    public void isDaysLater(int days) {
        servers.clock.set(noonOf(today().date().plusDays(days)));
    }

    /** Lets an answer go that is held, and midnight pass before it can be written down. */
    void midnightPassesBeforeTheResponseIsWritten() throws Exception {
        try (Connection other = connect();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("LOCK TABLE api_call");
            servers.provider.releaseResponses();
            await("the answer is to be written", () -> count("SELECT count(*) FROM pg_locks WHERE NOT granted") > 0);
            servers.clock.set(midnight().plusMillis(1));
            other.rollback();
        }
    }

    public Instant midnight() {
        return today().ends();
    }

    // runs

    public RunSummary run() {
        return run(options());
    }

    public RunSummary run(ExitCode expected) {
        return assertEnd(run(), expected);
    }

    public RunSummary run(RunOptions options) {
        try (AnnotationConfigApplicationContext parts = runner.parts(options)) {
            runs.add(parts);
            return parts.getBean(NightlyRun.class).execute();
        } finally {
            runs.removeIf(parts -> !parts.isActive());
        }
    }

    /** The number of failed steps that runs repeat. */
    int repeatedSteps() {
        return runs.stream()
                .mapToInt(parts -> parts.getBean(OutageRetry.class).waiting())
                .sum();
    }

    /** A part of the run that is active. */
    <T> T part(Class<T> type) {
        return runs.getFirst().getBean(type);
    }

    RunSummary force() {
        return run(new RunOptions(null, null, true, settings.node()));
    }

    RunSummary runAtMost(long notes) {
        return run(new RunOptions(notes, null, false, settings.node()));
    }

    RunOptions options() {
        return new RunOptions(null, null, false, settings.node());
    }

    public void awaitHeld(int calls) throws InterruptedException {
        servers.provider.awaitHeld(calls, PATIENCE);
    }

    public CompletableFuture<RunSummary> runAside() {
        return runAside(options());
    }

    public CompletableFuture<RunSummary> runAside(RunOptions options) {
        CompletableFuture<RunSummary> run = new CompletableFuture<>();
        Thread.ofPlatform().name("run aside").start(() -> {
            try {
                run.complete(run(options));
            } catch (Throwable e) {
                run.completeExceptionally(e);
            }
        });
        aside.add(run);
        return run;
    }

    /** Starts a run aside, and returns when the provider holds so many of its calls. */
    public CompletableFuture<RunSummary> runUntilHeld(int calls) throws InterruptedException {
        servers.provider.holdResponses();
        CompletableFuture<RunSummary> run = runAside();
        awaitHeld(calls);
        return run;
    }

    /** Releases the held responses, and returns the summary of a run that ends like this. */
    public RunSummary release(CompletableFuture<RunSummary> run, ExitCode expected) throws Exception {
        servers.provider.releaseResponses();
        return assertEnd(ended(run), expected);
    }

    public static RunSummary ended(CompletableFuture<RunSummary> run) throws Exception {
        return run.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    /** Returns when it is so; fails when that takes too long. */
    public static void await(String what, BooleanSupplier condition) throws InterruptedException {
        Instant deadline = Instant.now().plus(PATIENCE);
        while (!condition.getAsBoolean()) {
            if (Instant.now().isAfter(deadline)) {
                throw new AssertionError("In vain waited until " + what);
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    public static void assertEnded(RunSummary run, ExitCode exitCode) {
        assertThat(run.exitCode()).as(run.toString()).isEqualTo(exitCode);
    }

    /** Asserts how a run ended, and that no end but an unforeseen one leaves a claim of this node. */
    RunSummary assertEnd(RunSummary run, ExitCode expected) {
        assertEnded(run, expected);
        if (!UNFORESEEN.contains(expected)) {
            assertThat(count("SELECT count(*) FROM worklist WHERE claimed_by = '" + settings.node() + "'"))
                    .as("claims")
                    .isZero();
        }
        return run;
    }
}
