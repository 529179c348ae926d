package io.github.notearchive.maintenance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.ArchiveRows;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.maintenance.erase.Eraser;
import io.github.notearchive.maintenance.erase.Eraser.ErasureReport;
import io.github.notearchive.maintenance.rebuild.RebuildRunner;
import io.github.notearchive.maintenance.rebuild.RebuildRunner.RebuildSummary;
import io.github.notearchive.maintenance.verify.VerifyRunner;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifyOptions;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifySummary;
import io.github.notearchive.maintenance.waive.Waiver;
import io.github.notearchive.nightly.NightlyScenario;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import io.github.notearchive.store.ObjectStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.transaction.PlatformTransactionManager;

/** Fixture of the tests of maintenance commands: nights, the bucket, the rows, and the commands. */
public abstract class MaintenanceScenario {

    protected static final VerifyOptions AUDIT = new VerifyOptions(null, false, false, "main");
    protected static final VerifyOptions REPAIR = new VerifyOptions(null, true, false, "main");
    protected static final VerifyOptions DELETE_ORPHANS = new VerifyOptions(null, false, true, "main");

    /** Response of a store to the listing of an empty bucket. */
    protected static final ScriptedServer.Reply EMPTY_LISTING =
            ScriptedServer.reply(200, """
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><Prefix/>
            <KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>
            """.getBytes(UTF_8), "Content-Type: application/xml");

    @Autowired
    protected NightlyScenario night;

    @Autowired
    protected ObjectStore store;

    @Autowired
    protected JobStopper gate;

    @Autowired
    protected VerifyRunner audits;

    @Autowired
    protected RebuildRunner rebuild;

    @Autowired
    protected Eraser eraser;

    @Autowired
    protected Waiver waiver;

    @Autowired
    protected JdbcConnectionDetails database;

    @Autowired
    protected PlatformTransactionManager transactions;

    /** Executes a statement; its parameters are question marks. */
    protected void update(String sql, Object... parameters) {
        night.update(sql, parameters);
    }

    protected List<String> texts(String sql, Object... parameters) {
        return night.sql().sql(sql).params(parameters).query(String.class).list();
    }

    protected String text(String sql, Object... parameters) {
        return night.sql().sql(sql).params(parameters).query(String.class).single();
    }

    /** Counts rows, such as those of a table. */
    protected long count(String rows) {
        return night.rows(rows);
    }

    /** Archives notes that are pending, and returns them. */
    protected List<String> archived(List<String> pending) {
        assertEnded(night.run(), ExitCode.COMPLETED);
        return pending;
    }

    /** Executes while another session holds the locks of a statement. */
    protected <T> T whileLocked(String sql, Callable<T> action) throws Exception {
        return ArchiveDatabase.whileLocked(night.connect(), sql, action);
    }

    /** Starts an action in another thread. */
    protected static <T> CompletableFuture<T> aside(Callable<T> action) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return action.call();
                    } catch (Exception e) {
                        throw new CompletionException(e);
                    }
                },
                Thread::startVirtualThread);
    }

    protected static <T> T ended(CompletableFuture<T> aside) throws Exception {
        return aside.get(NightlyScenario.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    /** Returns the number of sessions that wait for locks. */
    protected long waiting() {
        return night.count("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted");
    }

    protected ErasureReport forget(String... notes) throws IOException {
        return forgetAuthor(null, notes);
    }

    protected ErasureReport forgetAuthor(@Nullable String author, String... notes) throws IOException {
        List<NoteId> ids = Stream.of(notes).map(NoteId::new).toList();
        return eraser.erase(new Eraser.ErasureRequest(ids, author, "asked for")).orElseThrow();
    }

    /** Returns notes with three pictures or more, and an original of the first one. */
    protected List<String> picturedNotes() {
        return night.provider().noteIds(SandboxNoteKind.IMAGES, 40).stream()
                .filter(id -> night.pictures(id).size() >= 3 && hasOriginal(id))
                .toList();
    }

    /** Rebuilds, and asserts how that ends. */
    protected RebuildSummary rebuild(ExitCode expected) {
        return ended(rebuild.rebuild(false, null), expected);
    }

    private static RebuildSummary ended(RebuildSummary summary, ExitCode expected) {
        assertEnded(summary, expected);
        return summary;
    }

    /** Restores what is missing, and asserts how that ends. */
    protected RebuildSummary merge(ExitCode expected) {
        return ended(merge(), expected);
    }

    protected RebuildSummary merge() {
        return rebuild.rebuild(true, null);
    }

    /** Writes a file with a paid response about a note that the database could not take, and returns it. */
    protected Path spool(String note, long call) throws IOException {
        Instant now = night.clock().instant();
        String head = """
                {"call":%d,"noteId":"%s","endpoint":"note-detail/v1","sentAt":"%s","receivedAt":"%s","durationMs":1,"code":0,"httpStatus":200,"billed":"YES","refresh":false}
                """.formatted(call, note, now, now);
        Path directory = Files.createDirectories(night.answerFiles().resolve("main"));
        return Files.writeString(
                directory.resolve("%013d-%s-%d.answer".formatted(now.toEpochMilli(), note, call)),
                head + night.provider().envelope(note));
    }

    protected int waive(String note, int ordinal) {
        return waiver.waive(new NoteId(note), MediaKind.IMAGE, ordinal, "lost \"for\" good");
    }

    protected void loseTheDatabase() {
        update(ArchiveRows.LOSS);
    }

    /** Sets the response for a picture. */
    protected void picture(String note, int number, Reply reply) {
        String name = night.pictures(note).get(number);
        night.script().media(target -> target.contains(name), reply);
    }

    /** Sets the response for the best rendition of the first picture. */
    protected void original(String note, Reply reply) {
        String name = night.pictures(note).getFirst();
        night.script().media(target -> target.contains(name) && target.contains("sc=V_ORG"), reply);
    }

    protected boolean hasOriginal(String note) {
        return !night.provider()
                .envelope(note)
                .at("/data/0/note_list/0/images_list/0/original")
                .stringValue("")
                .isEmpty();
    }

    protected static String key(SlotRow slot) {
        return slot.media().key().value();
    }

    /** Returns the key of the file of a slot. */
    protected String key(String note, int slot) {
        return key(night.slots(note).get(slot));
    }

    protected Set<String> keys(List<String> notes) {
        Set<String> keys = new TreeSet<>();
        notes.forEach(note -> night.slots(note).forEach(slot -> keys.add(key(slot))));
        return keys;
    }

    protected Path path(String key) {
        return night.bucket().resolve(key);
    }

    /** Returns the rows that a bucket can restore, by table. */
    protected Map<String, List<String>> rows() {
        return ArchiveRows.of(this::texts);
    }

    /** Compares table by table, so that a difference can be read. */
    protected static void assertSame(Map<String, List<String>> actual, Map<String, List<String>> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach(
                (table, rows) -> assertThat(actual.get(table)).as(table).containsExactlyElementsOf(rows));
    }

    protected static void assertEnded(RunSummary run, ExitCode exitCode) {
        NightlyScenario.assertEnded(run, exitCode);
    }

    protected static void assertEnded(RebuildSummary rebuild, ExitCode exitCode) {
        assertThat(rebuild.exitCode()).as(rebuild.toString()).isEqualTo(exitCode);
    }

    protected static void assertEnded(VerifySummary audit, ExitCode exitCode) {
        assertThat(audit.exitCode()).as(audit.toString()).isEqualTo(exitCode);
    }
}
