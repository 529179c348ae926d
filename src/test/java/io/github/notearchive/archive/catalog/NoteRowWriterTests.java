package io.github.notearchive.archive.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.archive.catalog.NoteCatalog.CapturedNote;
import io.github.notearchive.archive.catalog.NoteRowWriter.NoteWrite;
import io.github.notearchive.archive.catalog.NoteRowWriter.RowChange;
import io.github.notearchive.archive.worklist.ListedNotes;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.archive.worklist.Transition.Cause;
import io.github.notearchive.archive.worklist.Transition.StateTransition;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.archive.worklist.WorklistRepository.Settlement;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.provider.ResponseReader;
import java.nio.charset.StandardCharsets;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

@Timeout(120)
class NoteRowWriterTests {

    private static final Instant NOW = Captures.NOW;
    private static final int GROUP = 32;

    private final ListedNotes list = new ListedNotes(NOW);
    private final JdbcClient jdbc = list.database.jdbc();
    private final SchemaDrift drift = new SchemaDrift(jdbc);
    private final NoteCatalog notes = new NoteCatalog(jdbc, new MediaCatalog(jdbc, list.database.transactions()));
    private final RefreshPlan refreshPlan = new RefreshPlan(
            jdbc,
            new RefreshProperties(
                    true,
                    List.of(Duration.ofDays(7)),
                    List.of(Duration.ofDays(1), Duration.ofDays(7)),
                    0.2,
                    0,
                    RefreshProperties.RefreshOrder.AGE),
            list.clock,
            list.database.transactions());
    private final NoteRowWriter writer = new NoteRowWriter(
            notes, drift, list.claims, list.worklist, refreshPlan, jdbc, list.database.transactions());
    private final TransactionTemplate transaction = new TransactionTemplate(list.database.transactions());
    private final ExecutorService workers = Executors.newCachedThreadPool();

    @AfterEach
    void close() {
        workers.close();
        writer.close();
    }

    /** A claimed note with its first response. */
    private record First(WorklistItem claimed, CapturedNote note) {

        WorklistRow row() {
            return claimed.row().apply(StateTransition.archived(null, Cause.NONE), NOW);
        }
    }

    @Test
    void concurrentNotesShareTransactions() throws Exception {
        assertThat(record(sampleNotes(GROUP))).allMatch(Optional.of(RowChange.NONE)::equals);

        assertThat(one("SELECT count(DISTINCT xmin::text) FROM note")).isLessThan(GROUP / 2);
        assertThat(one("SELECT count(*) FROM schema_drift WHERE path = 'new_field'"))
                .isOne();
        assertThat(one("SELECT count(*) FROM note_media")).isEqualTo(2 * GROUP);
        assertThat(one("SELECT sum(notes) FROM worklist_count WHERE state = 'ARCHIVED'"))
                .isEqualTo(GROUP);
        assertThat(one("SELECT count(*) FROM worklist WHERE claim_id IS NULL AND state = 'ARCHIVED'"))
                .isEqualTo(GROUP);
    }

    @Test
    void rejectedRowFailsItsOwnNoteOnly() throws Exception {
        List<First> firsts = sampleNotes(GROUP);
        First refused = firsts.get(13);
        list.database.update(
                "DELETE FROM api_call WHERE note_id = ?", refused.claimed.id().value());

        List<Future<Optional<RowChange>>> results = submit(firsts);

        assertThatThrownBy(() -> results.remove(13).get()).hasCauseInstanceOf(DataIntegrityViolationException.class);
        for (Future<Optional<RowChange>> result : results) {
            assertThat(result.get()).contains(RowChange.NONE);
        }
        assertThat(one("SELECT count(*) FROM note")).isEqualTo(GROUP - 1);
        assertThat(one("SELECT count(*) FROM worklist WHERE claim_id = " + refused.claimed.claim()))
                .isOne();
    }

    @Test
    void rowThatAnotherSessionLocksDelaysItsOwnNoteOnly() throws Exception {
        List<First> firsts = sampleNotes(GROUP);
        First locked = firsts.get(13);
        String lock = "SELECT FROM worklist WHERE note_id = '%s' FOR UPDATE".formatted(locked.claimed.id());

        Future<Optional<RowChange>> own = list.database.whileLocked(lock, () -> {
            List<Future<Optional<RowChange>>> results = submit(firsts);
            Future<Optional<RowChange>> delayed = results.remove(13);
            for (Future<Optional<RowChange>> result : results) {
                assertThat(result.get()).contains(RowChange.NONE);
            }
            assertThat(delayed.isDone()).isFalse();
            return delayed;
        });

        assertThat(own.get()).contains(RowChange.NONE);
        assertThat(one("SELECT count(*) FROM note")).isEqualTo(GROUP);
    }

    /** Other nodes wait for its locks. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void transactionOfAFrozenProcessEndsBeforeALease(int notes) throws Exception {
        List<NoteWrite> group = requests(sampleNotes(notes));

        String limit = transaction.execute(_ -> {
            List<Boolean> _ = writer.writeGroup(group);
            return jdbc.sql("SHOW idle_in_transaction_session_timeout")
                    .query(String.class)
                    .single();
        });

        assertThat(limit).isEqualTo("1min");
    }

    @Test
    void lostClaimDropsOut() throws Exception {
        List<First> firsts = sampleNotes(GROUP);
        WorklistItem lost = firsts.get(13).claimed;
        list.database.update(
                "UPDATE worklist SET claim_id = nextval('worklist_claim_seq') WHERE note_id = ?",
                lost.id().value());

        List<Optional<RowChange>> results = record(firsts);

        assertThat(results.remove(13)).isEmpty();
        assertThat(results).allMatch(Optional.of(RowChange.NONE)::equals);
        assertThat(notes.find(lost.id())).isEmpty();
        assertThat(one("SELECT count(*) FROM note")).isEqualTo(GROUP - 1);
        assertThat(one("SELECT count(*) FROM worklist WHERE state = 'PENDING'")).isOne();
    }

    @Test
    void noteWithRowsIsWrittenWithOthers() throws Exception {
        List<First> firsts = sampleNotes(GROUP);
        CapturedNote known = firsts.get(13).note;
        transaction.executeWithoutResult(_ -> notes.save(new CapturedNote(known.capture(), null, List.of(), null)));

        assertThat(record(firsts)).allMatch(Optional.of(RowChange.NONE)::equals);

        assertThat(one("SELECT count(*) FROM note WHERE archived_at IS NOT NULL"))
                .isEqualTo(GROUP);
        assertThat(one("SELECT count(*) FROM note_media")).isEqualTo(2 * GROUP);
        assertThat(one("SELECT count(*) FROM worklist WHERE state = 'ARCHIVED'"))
                .isEqualTo(GROUP);
    }

    @Test
    void notesWithoutNewDataAreSettledInGroups() throws Exception {
        List<First> firsts = sampleNotes(GROUP);

        List<Future<Boolean>> results = firsts.stream()
                .map(first -> workers.submit(() -> writer.settle(first.claimed, first.row(), 7)))
                .toList();

        for (Future<Boolean> result : results) {
            assertThat(result.get()).isTrue();
        }
        assertThat(one("SELECT count(*) FROM worklist WHERE state = 'ARCHIVED' AND settled_by = 7"))
                .isEqualTo(GROUP);
        assertThat(one("SELECT count(*) FROM note")).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO author (author_id, updated_at) VALUES ('author1', now())",
                "INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at) VALUES (lpad('1', 64, '0'), 'a', 7, 'a', now())"
            })
    void twoNodesWithTheSameAuthorsOrFilesInOppositeOrderDoNotDeadlock(String held) throws Exception {
        boolean ofAuthors = held.contains("author");
        List<First> some = new ArrayList<>();
        List<First> others = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            some.add(noteOf("author" + i, digest(i)));
            others.add(ofAuthors ? noteOf("author" + (3 - i), digest(4 + i)) : noteOf("other" + i, digest(3 - i)));
        }

        List<Future<List<Boolean>>> nodes = inTransactions(
                held, () -> writer.writeGroup(requests(some)), () -> writer.writeGroup(requests(others)));

        for (Future<List<Boolean>> node : nodes) {
            assertThat(node.get()).doesNotContain(false);
        }
        assertThat(one("SELECT count(*) FROM note")).isEqualTo(8);
    }

    @Test
    void twoNodesWriteTheSameNewFilesOnce() throws Exception {
        CyclicBarrier start = new CyclicBarrier(2);
        for (int round = 0; round < 200; round++) {
            List<String> files = IntStream.range(4 * round, 4 * round + 4)
                    .mapToObj(NoteRowWriterTests::digest)
                    .toList();
            List<Future<List<Boolean>>> nodes = Stream.of("some" + round, "others" + round)
                    .map(author -> requests(
                            files.stream().map(file -> noteOf(author, file)).toList()))
                    .map(group -> workers.submit(() -> {
                        start.await();
                        return transaction.execute(_ -> writer.writeGroup(group));
                    }))
                    .toList();

            for (Future<List<Boolean>> node : nodes) {
                assertThat(node.get()).doesNotContain(false);
            }
        }
        assertThat(one("SELECT count(*) FROM media_object")).isEqualTo(800);
    }

    @Test
    void notesRemovedMeanwhileAreNotWritten() throws Exception {
        List<First> firsts = sampleNotes(8).stream()
                .sorted(Comparator.comparing((First first) -> first.claimed.id())
                        .reversed())
                .toList();
        List<NoteId> removed =
                firsts.stream().map(first -> first.claimed.id()).limit(4).toList();

        List<Future<List<Boolean>>> results = inTransactions(
                "UPDATE worklist SET priority = 1 WHERE note_id = '%s'".formatted(removed.get(2)),
                () -> writer.writeGroup(requests(firsts)),
                () -> {
                    list.worklist.remove(removed, NOW);
                    return List.of();
                });

        List<Boolean> written = results.getFirst().get();
        results.getLast().get();
        for (int i = 0; i < firsts.size(); i++) {
            assertThat(notes.find(firsts.get(i).claimed.id()).isPresent()).isEqualTo(written.get(i));
        }
        assertThat(written.subList(4, 8)).doesNotContain(false);
    }

    /** Starts two transactions. Another one holds a row until both wait, so that each has locked rows on its way. */
    private List<Future<List<Boolean>>> inTransactions(
            String held, Supplier<List<Boolean>> one, Supplier<List<Boolean>> other) {
        return transaction.execute(holding -> {
            list.database.update(held);
            List<Future<List<Boolean>>> both = Stream.of(one, other)
                    .map(each -> workers.submit(() -> transaction.execute(_ -> each.get())))
                    .toList();
            await().until(() -> one("SELECT count(*) FROM pg_locks WHERE NOT granted") == 2);
            holding.setRollbackOnly();
            return both;
        });
    }

    private List<Optional<RowChange>> record(List<First> firsts) throws Exception {
        List<Optional<RowChange>> results = new ArrayList<>();
        for (Future<Optional<RowChange>> result : submit(firsts)) {
            results.add(result.get());
        }
        return results;
    }

    /** Writes notes concurrently. */
    private List<Future<Optional<RowChange>>> submit(List<First> firsts) {
        List<Future<Optional<RowChange>>> results = new ArrayList<>();
        firsts.forEach(first ->
                results.add(workers.submit(() -> writer.record(first.claimed, first.note, first.row(), 7, false))));
        return results;
    }

    private List<NoteWrite> requests(List<First> firsts) {
        return firsts.stream()
                .map(first -> new NoteWrite(
                        new Settlement(first.claimed, first.row(), 7), NoteCatalog.map(first.note), false))
                .toList();
    }

    /** Notes of one author, with a new field, a file of their own and one that all of them have. */
    private List<First> sampleNotes(int count) {
        String sample = new String(Captures.sample(), StandardCharsets.UTF_8).replaceFirst("\\{", "{\"new_field\":1,");
        return IntStream.range(0, count)
                .mapToObj(i -> {
                    NoteId id = new NoteId("66aa%020d".formatted(count - i));
                    byte[] answer =
                            sample.replace(Captures.ID.value(), id.value()).getBytes(StandardCharsets.UTF_8);
                    return first(id, answer, digest(i), digest(-1));
                })
                .toList();
    }

    private First noteOf(String author, String file) {
        NoteId id = new NoteId("%024x".formatted(one("SELECT nextval('worklist_claim_seq')")));
        String answer =
                "{\"code\":0,\"data\":[{\"note_list\":[{\"id\":\"%s\",\"title\":\"t\"}],\"user\":{\"id\":\"%s\",\"nickname\":\"n\"}}]}"
                        .formatted(id, author);
        return first(id, answer.getBytes(StandardCharsets.UTF_8), file);
    }

    private First first(NoteId id, byte[] answer, String... digests) {
        long claim = one("""
                INSERT INTO worklist (note_id, due_at, enqueued_at, claimed_by, claimed_until, claim_id)
                VALUES ('%1$s', '%2$s', '%2$s', 'main', now() + interval '1 hour', nextval('worklist_claim_seq'))
                RETURNING claim_id
                """.formatted(id, Timestamp.from(NOW)));
        long call = one(
                "INSERT INTO api_call (note_id, endpoint, sent_at) VALUES ('%s', 'note-detail/v1', '%s') RETURNING id"
                        .formatted(id, Timestamp.from(NOW)));
        NoteCapture capture = ResponseReader.read(answer, id)
                .orElseThrow()
                .note()
                .orElseThrow()
                .capture(id, call, NOW, answer);
        List<SlotRow> slots = IntStream.range(0, digests.length)
                .mapToObj(i -> SlotRow.stored(
                        new MediaSlot(MediaKind.IMAGE, i, "file" + i, List.of(), null),
                        new StoredMedia(digests[i], StoredMedia.keyOf(digests[i], "jpg"), 7, "image/jpeg"),
                        "original",
                        3,
                        4,
                        null,
                        null))
                .toList();
        WorklistItem claimed = new WorklistItem(id, claim, list.worklist.row(id).orElseThrow(), true, null);
        return new First(claimed, CapturedNote.of(capture, null, slots, true, NOW));
    }

    private static String digest(int number) {
        return "%064x".formatted(number);
    }

    private long one(String sql) {
        return list.database.count(sql);
    }
}
