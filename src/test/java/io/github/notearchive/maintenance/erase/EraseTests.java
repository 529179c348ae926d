package io.github.notearchive.maintenance.erase;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.catalog.ErasureRepository;
import io.github.notearchive.archive.catalog.ErasureRepository.Copies;
import io.github.notearchive.archive.catalog.SlotRow.SlotState;
import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.ledger.ResponseSpool;
import io.github.notearchive.archive.worklist.Enqueuer;
import io.github.notearchive.archive.worklist.Enqueuer.EnqueueReport;
import io.github.notearchive.archive.worklist.Enqueuer.Rejected;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.maintenance.MaintenanceScenario;
import io.github.notearchive.maintenance.erase.Eraser.ErasureReport;
import io.github.notearchive.maintenance.rebuild.RebuildRunner.RebuildSummary;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifySummary;
import io.github.notearchive.nightly.BesideNightlyJobTest;
import io.github.notearchive.nightly.NightlyScenario;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.publish.Publisher;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreFixture;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Erased notes are removed everywhere, never restored, and nothing of other notes is removed. */
@BesideNightlyJobTest
class EraseTests extends MaintenanceScenario {

    private static final String PERSON = "5f00000000000000000000aa";
    private static final String NAME = "nickname of a person";
    private static final String UNKNOWN = "66bb00000000000000000003";
    private static final String WORDS = "words of a person";

    @Autowired
    ErasureList forgotten;

    @Autowired
    Enqueuer enqueuer;

    @Autowired
    ErasureRepository rows;

    @Autowired
    Publisher publisher;

    @Test
    void erasesANoteFromPublishedTables() throws Exception {
        List<String> notes = archived(night.pending(SandboxNoteKind.TEXT, 2));
        String note = notes.getFirst();
        publisher.publish(false).orElseThrow();
        assertThat(published(note)).isPositive();

        forget(note);

        assertThat(published(note)).isZero();
        assertThat(published(notes.getLast())).isPositive();
    }

    @Test
    void rebuildRemovesPublishedTablesThatAnInterruptedErasureDidNotRewrite() throws Exception {
        List<String> notes = archived(night.pending(SandboxNoteKind.TEXT, 2));
        String note = notes.getFirst();
        publisher.publish(false).orElseThrow();
        var tables = night.objects("lake/");
        forget(note);
        tables.forEach((key, bytes) -> store.putBytes(new ObjectKey(key), bytes, "application/octet-stream"));
        assertThat(published(note)).isPositive();
        loseTheDatabase();
        update("DELETE FROM iceberg_tables");

        rebuild(ExitCode.COMPLETED);

        assertThat(published(note)).isZero();
    }

    /** Counts objects with a note id, which the footer of a data file has uncompressed, as minimum or maximum. */
    private long published(String note) throws Exception {
        return night.objects("lake/").values().stream()
                .filter(bytes -> new String(bytes, UTF_8).contains(note))
                .count();
    }

    @Test
    void erasesANoteWithItsExclusiveFilesOnly() throws Exception {
        List<String> notes = twoWithACommonPicture();
        String note = notes.getFirst();
        List<String> others = archived(night.pending(SandboxNoteKind.TEXT, 2));
        Set<String> keys = keys(List.of(note));
        String shared = commonKey(notes);
        TreeMap<String, byte[]> before = night.objects("");
        List<String> rows = tables();

        ErasureReport preview = eraser.preview(request(note));

        assertThat(tables()).as("a dry run touches no row").isEqualTo(rows);
        assertThat(night.objects("").keySet()).isEqualTo(before.keySet());
        assertThat(preview.dryRun()).isTrue();

        ErasureReport report = forget(note);

        assertThat(report).usingRecursiveComparison().ignoringFields("dryRun").isEqualTo(preview);
        assertThat(report.rows())
                .containsEntry("note", 1L)
                .containsEntry("note_capture", 1L)
                .containsEntry("note_media", (long) keys.size())
                .containsEntry("media_object", keys.size() - 1L)
                .containsEntry("worklist", 1L)
                .containsEntry("api_call", 1L);
        assertThat(report.files()).isEqualTo(keys.size() - 1);
        assertThat(report.sidecars()).isOne();
        assertThat(report.sharedFiles()).isOne();
        TreeMap<String, byte[]> after = night.objects("");
        long removed = before.entrySet().stream()
                .filter(object -> !after.containsKey(object.getKey()))
                .mapToLong(object -> object.getValue().length)
                .sum();
        assertThat(report.fileBytes() + report.sidecarBytes()).isEqualTo(removed);
        Set<String> left = new TreeSet<>(before.keySet());
        left.removeAll(keys);
        left.removeIf(key -> key.startsWith("notes/" + note));
        left.addAll(List.of(shared, "forgotten/" + note + ".json"));
        assertThat(after.keySet()).isEqualTo(left);
        assertThat(new String(after.get("forgotten/" + note + ".json"), UTF_8))
                .contains(note, "asked for")
                .doesNotContain(WORDS);
        assertNoTrace(WORDS);
        assertThat(count("api_call WHERE billed = 'YES'")).isEqualTo(4);
        assertThat(night.state(notes.get(1))).isEqualTo(ARCHIVED);
        assertThat(night.slots(notes.get(1))).allMatch(slot -> slot.state() == SlotState.STORED);
        assertThat(night.states(others)).containsOnly(ARCHIVED);
        assertThat(forgotten.find(new NoteId(note)).orElseThrow().finishedAt()).isNotNull();
        assertAuditedClean();
    }

    @Test
    void spooledResponseOfAForgottenNoteKeepsItsCost(@Autowired ArchiveProperties settings) throws Exception {
        String note = archived(night.pending(SandboxNoteKind.TEXT, 1)).getFirst();
        Path thumbnail = Files.createDirectories(settings.thumbnails()).resolve("f".repeat(64) + "-320.jpg");
        Files.createFile(thumbnail);
        Path file = spool(note, 99);

        ErasureReport report = forget(note);

        assertThat(report.unwrittenAnswers()).isOne();
        assertThat(file).doesNotExist();
        assertThat(thumbnail).doesNotExist();
        assertThat(night.bills(note)).containsExactly("YES", "YES");
        assertNoTrace(WORDS);
    }

    @Test
    void previewLocksNoRowWhileItReadsTheBucket(
            @Autowired ResponseSpool spool,
            @Autowired CallRepository calls,
            @Autowired Copies copies,
            @Autowired ArchiveRevision revision,
            @Autowired ArchiveProperties settings,
            @Autowired TransactionTemplate transaction)
            throws Exception {
        String note = archived(night.pending(SandboxNoteKind.TEXT, 1)).getFirst();
        List<Long> locks = new CopyOnWriteArrayList<>();
        try (ScriptedServer slow = new ScriptedServer(request -> {
                    locks.add(night.count("""
                            SELECT count(*) FROM pg_locks
                            WHERE relation = 'worklist'::regclass AND mode = 'RowExclusiveLock'
                            """));
                    return request.line().startsWith("HEAD") ? ScriptedServer.status(200) : EMPTY_LISTING;
                });
                ObjectStore other = StoreFixture.at(slow.address(), 1)) {
            Eraser aside = new Eraser(
                    rows,
                    other,
                    new ErasedCopies(calls, spool, (_, _) -> 0, copies, settings),
                    revision,
                    database,
                    settings,
                    night.clock(),
                    transaction);

            assertThat(aside.preview(request(note)).rows()).containsEntry("worklist", 1L);
        }
        assertThat(locks).isNotEmpty().containsOnly(0L);
    }

    @Test
    void doesNotEnqueueOrFetchAForgottenNote() throws Exception {
        String note = night.pending(1).getFirst();
        night.run();
        forget(note);
        List<Rejected> rejects = new ArrayList<>();

        EnqueueReport report = enqueuer.enqueue(
                new StringReader("\n" + note + "\n66bb00000000000000000001\n" + note),
                new Enqueuer.Options(null, 5, "test"),
                rejects::add,
                null);
        night.script().answers("66bb00000000000000000001", Reply.code(201));
        night.run(ExitCode.COMPLETED);

        assertThat(report.added()).isOne();
        assertThat(report.rejected()).isEqualTo(2);
        assertThat(report.repeated()).isZero();
        assertThat(rejects).extracting(Rejected::line).containsExactly(2L, 4L);
        assertThat(rejects.getFirst().toString()).contains(note, "was forgotten on 2026-03-10");
        assertThat(night.calls(note)).isOne();
        assertThat(count("note")).isZero();
    }

    @Test
    void erasesAPersonFromAllNotesAndDiscardsLaterOnes() throws Exception {
        List<String> notes = night.provider().noteIds(SandboxNoteKind.IMAGES, 4);
        List<String> own = notes.subList(0, 2);
        String naming = notes.get(2);
        String later = notes.get(3);
        own.forEach(this::isOfThePerson);
        night.script().answers(naming, Reply.noteWith(EraseTests::namesThePerson));
        isOfThePerson(later);
        archived(night.pending(notes.subList(0, 3)));
        assertThat(rowsThatName()).isEqualTo(2);

        ErasureReport report = forgetAuthor(PERSON);

        assertThat(report.notes()).extracting(NoteId::value).containsExactlyInAnyOrderElementsOf(own);
        assertThat(report.rows()).containsEntry("author", 1L).containsEntry("note", 2L);
        assertThat(report.namedIn()).containsExactly(new NoteId(naming));
        assertNoTrace(WORDS);
        assertThat(count("author WHERE author_id = '" + PERSON + "'")).isZero();
        assertThat(rowsThatName()).isZero();
        assertThat(count("forgotten_author WHERE finished_at IS NOT NULL")).isOne();
        assertThat(night.objects("forgotten/")).hasSize(3);
        assertThat(night.objects("forgotten/").keySet()).noneMatch(key -> key.contains(PERSON));

        // a later note is paid for but discarded
        night.pending(List.of(later));
        night.requeue(naming);
        int requests = night.provider().mediaRequests();
        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(run.notes().erased()).isOne();
        assertThat(night.calls(later)).isOne();
        assertThat(night.bills(later)).containsExactly("YES");
        assertThat(night.ledger(later).getFirst().responseHeld()).isFalse();
        assertThat(night.provider().mediaRequests()).isEqualTo(requests);
        assertThat(night.objects("notes/" + later)).isEmpty();
        assertThat(forgotten.find(new NoteId(later)).orElseThrow().finishedAt()).isNotNull();
        assertThat(night.objects("forgotten/")).containsKey("forgotten/" + later + ".json");
        assertNoTrace(WORDS);
        assertThat(night.state(naming)).isEqualTo(ARCHIVED);
        assertThat(rowsThatName()).isZero();
        assertAuditedClean();
    }

    @Test
    void forgetsANoteBeforeTheBucketExists() throws Exception {
        String note = night.pending(1).getFirst();

        ErasureReport preview = eraser.preview(request(note));

        assertThat(night.bucket()).doesNotExist();
        assertThat(preview.rows()).containsEntry("worklist", 1L);

        ErasureReport report = forget(note);

        assertThat(report).usingRecursiveComparison().ignoringFields("dryRun").isEqualTo(preview);
        assertThat(night.objects("").keySet()).containsExactly("archive.json", "forgotten/" + note + ".json");
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).isZero();
    }

    @Test
    void rejectsAMissingBucketOnceSomethingWasStored() throws Exception {
        String note = archived(night.pending(SandboxNoteKind.TEXT, 1)).getFirst();
        Path aside = night.bucket().resolveSibling("aside");
        Files.move(night.bucket(), aside);
        try {
            assertThatThrownBy(() -> eraser.preview(request(note))).hasMessageContaining("there is no such bucket");
            assertThatThrownBy(() -> forget(note)).hasMessageContaining("there is no such bucket");
        } finally {
            Files.move(aside, night.bucket());
        }
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
    }

    @Test
    void rebuildRestoresNoForgottenNoteAndTheNextForgetRemovesItsRest() throws Exception {
        List<String> notes = twoWithACommonPicture();
        String note = notes.getFirst();
        night.run(ExitCode.COMPLETED);
        var sidecar = night.objects("notes/" + note).firstEntry();
        String file = keys(List.of(note)).stream()
                .filter(key -> !key.equals(commonKey(notes)))
                .findFirst()
                .orElseThrow();
        byte[] picture = night.objects(file).get(file);
        forget(note);
        loseTheDatabase();

        rebuild(ExitCode.COMPLETED);

        assertThat(count("worklist")).isOne();
        assertThat(forgotten.find(new NoteId(note)).orElseThrow().reason()).isEqualTo("asked for");
        assertThat(forgotten.count().unfinished()).isZero();

        // as a forget has left it that was killed before the objects went
        store.putBytes(new ObjectKey(sidecar.getKey()), sidecar.getValue(), "application/json");
        store.putBytes(new ObjectKey(file), picture, "image/jpeg");
        loseTheDatabase();

        RebuildSummary refusing = rebuild(ExitCode.INCOMPLETE);

        assertThat(refusing.toString()).contains("was forgotten, and this object remains");
        assertThat(count("worklist")).isOne();
        assertThat(forgotten.count().unfinished()).isOne();
        ErasureReport rest = forget(UNKNOWN);
        assertThat(rest.files()).isOne();
        assertThat(rest.sidecars()).isOne();
        assertThat(night.objects("notes/" + note)).isEmpty();
        assertThat(night.objects(file)).isEmpty();
        assertThat(night.slots(notes.get(1))).allMatch(slot -> slot.state() == SlotState.STORED);
        assertAuditedClean();
    }

    @Test
    void runThatForgetsANoteDoesNotDeadlockWithAListThatNamesIt() throws Exception {
        forgetAuthor(PERSON);
        List<String> notes = new ArrayList<>(new TreeSet<>(night.provider().noteIds(SandboxNoteKind.TEXT, 2)));
        String first = notes.getFirst();
        String later = notes.getLast();
        isOfThePerson(later);
        night.pending(notes);
        update("UPDATE worklist SET due_at = due_at + interval '1 year' WHERE note_id = ?", first);
        CompletableFuture<RunSummary> run = night.runUntilHeld(1);

        var list = whileLocked("SELECT FROM worklist WHERE note_id = '" + first + "' FOR UPDATE", () -> {
            CompletableFuture<EnqueueReport> waiting = enqueueAside(notes, 7, _ -> {});
            NightlyScenario.await("the list waits for its first row", () -> waiting() == 1);
            night.provider().releaseResponses();
            NightlyScenario.await("the run has ended or waits", () -> run.isDone() || waiting() == 2);
            return waiting;
        });

        assertThat(ended(list).rejected()).isEqualTo(1);
        assertEnded(ended(run), ExitCode.COMPLETED);
        assertThat(night.calls(later)).isOne();
        assertThat(forgotten.find(new NoteId(later)).orElseThrow().finishedAt()).isNotNull();
        assertThat(count("worklist")).isOne();
    }

    @Test
    void noteForgottenBeforeTheCommitOfItsEnqueueingIsNotOnTheWorklist() throws Exception {
        String known = "66bb00000000000000000001";
        String meanwhile = "66bb00000000000000000002";
        forget(known);
        CompletableFuture<Boolean> inserted = new CompletableFuture<>();
        CompletableFuture<Boolean> commit = new CompletableFuture<>();
        CompletableFuture<EnqueueReport> list = enqueueAside(List.of(known, meanwhile), null, _ -> {
            inserted.complete(true);
            assertThat(commit).succeedsWithin(NightlyScenario.PATIENCE);
        });
        ended(inserted);

        CompletableFuture<ErasureReport> forget = aside(() -> forget(meanwhile));
        NightlyScenario.await("forget has ended or waits", () -> forget.isDone() || waiting() == 1);
        commit.complete(true);

        ended(list);
        ended(forget);
        assertThat(count("forgotten_note")).isEqualTo(2);
        assertThat(count("worklist")).isZero();
        assertThat(night.count("SELECT coalesce(sum(notes), 0) FROM worklist_count"))
                .isZero();
    }

    @Test
    void forgetWithoutItsLockRemovesNoFileAndTheNextOneCompletes() throws Exception {
        String[] notes = twoWithACommonPicture().toArray(String[]::new);
        night.run(ExitCode.COMPLETED);
        AtomicReference<CompletableFuture<ErasureReport>> forget = new AtomicReference<>();
        try (RunnerLock _ = whileLocked("LOCK TABLE note_media IN SHARE MODE", () -> {
            forget.set(aside(() -> forget(notes)));
            NightlyScenario.await("forget waits for the rows", () -> waiting() == 1);
            night.count("""
                    SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name LIKE 'note-archive runner%'
                    """);
            return RunnerLock.acquire(database, Scope.ARCHIVE, "other").orElseThrow();
        })) {
            assertThatThrownBy(() -> ended(forget.get()))
                    .hasCauseInstanceOf(DataAccessResourceFailureException.class)
                    .hasMessageContaining("another process holds the lock now");
        }
        assertThat(night.objects("media/")).isNotEmpty();

        forget();
        assertThat(night.objects("media/")).isEmpty();
        assertThat(night.objects("notes/")).isEmpty();
        assertThat(count("forgotten_note WHERE finished_at IS NULL")).isZero();
    }

    /** What a run erases of one note must not take longer the more authors there are. */
    @Test
    void rowsOfANoteAreRemovedWithoutReadingAllAuthors() {
        update("""
                INSERT INTO author (author_id, updated_at) SELECT md5(i::text), now() FROM generate_series(1, 20000) AS i;
                ANALYZE author
                """);
        // scans of this connection that its server process has not reported yet, of earlier transactions too
        String scans = "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'author'";

        Long wholeReads = new TransactionTemplate(transactions).execute(_ -> {
            // independent of the statistics of other tests
            update("SET LOCAL enable_seqscan = off");
            long before = night.count(scans);
            rows.remove(List.of(new NoteId("66bb00000000000000000001")), List.of());
            return night.count(scans) - before;
        });

        assertThat(wholeReads).isZero();
    }

    private CompletableFuture<EnqueueReport> enqueueAside(
            List<String> notes, @Nullable Integer refreshDays, Consumer<Rejected> rejects) {
        Enqueuer.Options options = new Enqueuer.Options(null, 5, "test", refreshDays, null);
        return aside(() -> enqueuer.enqueue(new StringReader(String.join("\n", notes)), options, rejects, null));
    }

    @Test
    void doesNotForgetDuringARun() throws Exception {
        List<String> notes = twoWithACommonPicture();
        night.provider().holdMedia();
        var running = night.runAside();
        night.provider().awaitHeldMedia(1, Duration.ofSeconds(20));

        assertThat(eraser.erase(request(notes.toArray(String[]::new)))).isEmpty();

        assertThat(count("forgotten_note")).isZero();
        assertThat(night.objects("forgotten/")).isEmpty();
        night.provider().releaseMedia();
        assertEnded(NightlyScenario.ended(running), ExitCode.COMPLETED);
        forget(notes.toArray(String[]::new));
        assertThat(night.objects("media/")).isEmpty();
        assertThat(night.objects("notes/")).isEmpty();
    }

    @Test
    void resumedForgetKeepsAFileThatAnotherNoteUsesMeanwhile() throws Exception {
        List<String> notes = twoWithACommonPicture();
        night.run();
        String key = commonKey(notes);
        forget(notes.getFirst());
        // as a forgetting that was interrupted before its objects went has left it
        update("INSERT INTO forgotten_object (object_key, size_bytes) VALUES (?, 1)", key);

        ErasureReport report = forget(UNKNOWN);

        assertThat(report.files()).isZero();
        assertThat(night.objects(key)).hasSize(1);
        assertThat(count("forgotten_object")).isZero();
    }

    @Test
    void forgettingANoteWithReplacedFilesLeavesNoObject() throws Exception {
        List<String> notes = withTheFirstOriginalDead(3);
        night.run(ExitCode.COMPLETED);
        List<String> degraded = notes.stream().map(note -> key(note, 0)).toList();
        night.script().clear();
        night.isNextDay();

        RunSummary run = night.run();

        assertThat(run.files().upgraded()).isEqualTo(3);
        assertThat(keys(notes)).doesNotContainAnyElementsOf(degraded);
        assertThat(night.objects("media/").keySet()).isEqualTo(keys(notes));
        assertThat(count("media_object")).isEqualTo(keys(notes).size());
        assertThat(count("forgotten_object")).isZero();
        assertAuditedClean();
        forget(notes.toArray(String[]::new));
        assertThat(night.objects("media/")).isEmpty();
        assertThat(night.objects("notes/")).isEmpty();
        assertAuditedClean();
    }

    /** A run of another node or an audit keeps this run from removing, as a kill before the removal does. */
    @ParameterizedTest
    @CsvSource({"RUN, other", "AUDIT, ''"})
    void replacedFilesThatWereNotRemovedAreRemovedLater(Scope scope, String member) throws Exception {
        List<String> notes = withTheFirstOriginalDead(3);
        night.run(ExitCode.COMPLETED);
        int stored = keys(notes).size();
        int own = keys(notes.subList(0, 1)).size();
        night.script().clear();
        night.isNextDay();
        try (RunnerLock _ = RunnerLock.acquire(database, scope, member).orElseThrow()) {
            assertThat(night.run().files().upgraded()).isEqualTo(3);
        }
        assertThat(night.objects("media/")).hasSize(stored + 3);
        assertThat(count("forgotten_object")).isEqualTo(3);

        if (scope == Scope.AUDIT) {
            night.run(ExitCode.COMPLETED);
            assertThat(night.objects("media/")).hasSize(stored);
        } else {
            ErasureReport report = forget(notes.getFirst());
            assertThat(report.files())
                    .as("its own, and the replaced ones of all")
                    .isEqualTo(own + 3);
            assertThat(night.objects("media/").keySet()).isEqualTo(keys(notes.subList(1, 3)));
        }
        assertThat(count("forgotten_object")).isZero();
        assertAuditedClean();
    }

    @Test
    void runWaitsForTheRemovalAfterTheRunOfAnotherNode() throws Exception {
        List<String> notes = night.pending(1);
        CompletableFuture<RunSummary> run;
        try (RunnerLock _ = RunnerLock.acquire(database, Scope.ARCHIVE, "other").orElseThrow()) {
            run = night.runAside();
            NightlyScenario.await(
                    "the run has its node's lock or has ended",
                    () -> RunnerLock.isTaken(night.sql(), Scope.RUN, "main") || run.isDone());
        }

        assertEnded(ended(run), ExitCode.COMPLETED);
        assertThat(night.states(notes)).containsOnly(ARCHIVED);
    }

    @Test
    void replacedFileIsKeptWhileAnotherNoteUsesItsBytes() throws Exception {
        List<String> notes = withTheFirstOriginalDead(1);
        String first = notes.getFirst();
        night.run(ExitCode.COMPLETED);
        String shared = key(first, 0);
        byte[] bytes = night.objects(shared).get(shared);
        String other = night.provider().noteIds(SandboxNoteKind.IMAGES, 14).stream()
                .filter(note -> !note.equals(first))
                .reduce((_, last) -> last)
                .orElseThrow();
        String name = night.pictures(other).getFirst();
        night.script().clear();
        night.script().media(target -> target.contains(name), Reply.bytes("image/jpeg", bytes));
        night.pending(List.of(other));
        night.isNextDay();

        assertThat(night.run().files().upgraded()).isOne();

        assertThat(key(first, 0)).isNotEqualTo(shared);
        assertThat(keys(List.of(other))).contains(shared);
        assertThat(night.objects(shared)).hasSize(1);
        assertThat(count("forgotten_object")).isZero();
        assertAuditedClean();
    }

    /** Notes of pictures on the worklist of whose first one the original is dead. */
    private List<String> withTheFirstOriginalDead(int count) {
        List<String> notes = picturedNotes().subList(0, count);
        notes.forEach(note -> original(note, Reply.status(404)));
        return night.pending(notes);
    }

    private static Eraser.ErasureRequest request(String... notes) {
        return new Eraser.ErasureRequest(Stream.of(notes).map(NoteId::new).toList(), null, null);
    }

    /** Two notes of pictures on the worklist that share their first one. */
    private List<String> twoWithACommonPicture() {
        List<String> notes = night.provider().noteIds(SandboxNoteKind.IMAGES, 2);
        ObjectNode common =
                (ObjectNode) night.provider().envelope(notes.get(1)).at("/data/0/note_list/0/images_list/0");
        night.script().answers(notes.getFirst(), Reply.noteWith(note -> {
            note.put("desc", WORDS);
            ((ArrayNode) note.get("images_list")).set(0, common);
        }));
        return night.pending(notes);
    }

    private String commonKey(List<String> notes) {
        Set<String> common = keys(notes.subList(0, 1));
        common.retainAll(keys(notes.subList(1, 2)));
        return common.iterator().next();
    }

    private void isOfThePerson(String note) {
        night.script().answers(note, Reply.note(envelope -> {
            ObjectNode data = (ObjectNode) envelope.at("/data/0");
            for (String where : List.of("/user", "/note_list/0/user")) {
                if (data.at(where) instanceof ObjectNode user) {
                    user.put("id", PERSON);
                    user.put("userid", PERSON);
                    user.put("nickname", NAME);
                }
            }
            ((ObjectNode) data.at("/note_list/0")).put("desc", WORDS);
            return envelope;
        }));
    }

    private static void namesThePerson(ObjectNode note) {
        ArrayNode named = note.putArray("ats");
        named.addObject().put("userid", PERSON).put("nickname", NAME);
        ObjectNode comment = note.putArray("comment_list").addObject();
        comment.put("id", "66cc00000000000000000001").put("content", "said below it");
        comment.putObject("user").put("userid", PERSON).put("nickname", NAME);
    }

    /** Rows of other people's notes that are about the person. */
    private long rowsThatName() {
        return count(
                "(SELECT user_id FROM note_mention UNION ALL SELECT author_id FROM note_comment) AS people (person)"
                        + " WHERE person = '" + PERSON + "'");
    }

    /** All rows of all tables of the archive, as texts. */
    private List<String> tables() {
        return texts("""
                SELECT table_name::text FROM information_schema.tables
                WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1
                """).stream()
                .flatMap(table ->
                        texts("SELECT ? || ' ' || to_jsonb(t)::text FROM " + table + " t ORDER BY 1", table).stream())
                .toList();
    }

    /** Neither as it is nor in the bytes of an answer. */
    private void assertNoTrace(String text) {
        String hex = HexFormat.of().formatHex(text.getBytes(UTF_8));
        assertThat(tables()).noneMatch(row -> row.contains(text) || row.contains(hex));
        assertThat(night.objects("").values()).noneMatch(bytes -> new String(bytes, UTF_8).contains(text));
    }

    private void assertAuditedClean() {
        VerifySummary audit = audits.verify(AUDIT);
        assertThat(audit.exitCode()).isEqualTo(ExitCode.COMPLETED);
        assertThat(audit.young()).as("objects without a row, however young").isZero();
    }
}
