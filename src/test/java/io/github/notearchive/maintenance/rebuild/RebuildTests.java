package io.github.notearchive.maintenance.rebuild;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.FAILED;
import static io.github.notearchive.archive.worklist.NoteState.POSTPONED;
import static io.github.notearchive.archive.worklist.NoteState.UNAVAILABLE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotRow.SlotState;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.worklist.Enqueuer;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.maintenance.MaintenanceScenario;
import io.github.notearchive.maintenance.rebuild.RebuildRunner.RebuildSummary;
import io.github.notearchive.nightly.BesideNightlyJobTest;
import io.github.notearchive.nightly.NightlyScenario;
import io.github.notearchive.nightly.RunOptions;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.nightly.TableDump;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.StoredObject;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A lost database is rebuilt from the bucket, row for row. */
@BesideNightlyJobTest
class RebuildTests extends MaintenanceScenario {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    @Autowired
    Enqueuer enqueuer;

    @Autowired
    SidecarReader reader;

    @Autowired
    PaidResponses paid;

    @Autowired
    WorklistRepository interventions;

    @Test
    void restoresEveryRowOfPaidResponses() {
        List<String> kinds = Stream.of(SandboxNoteKind.values())
                .map(kind -> night.provider().noteIds(kind, 1).getFirst())
                .toList();
        List<String> many =
                picturedNotes().stream().filter(id -> !kinds.contains(id)).toList();
        List<String> texts = night.provider().noteIds(SandboxNoteKind.TEXT, 11);
        String improved = many.get(0);
        String degraded = many.get(1);
        String incomplete = many.get(2);
        String waived = many.get(3);
        String renewed = many.get(4);
        String awaited = many.get(5);
        String sold = texts.get(1);
        String gone = texts.get(2);
        String empty = texts.get(3);
        String goneLater = texts.get(4);
        String soldLater = texts.get(5);
        String nul = texts.get(6);
        String lone = texts.get(7);
        String latin = texts.get(8);
        String busy = texts.get(9);
        night.pending(kinds);
        night.pending(List.of(improved, degraded, incomplete, waived, renewed, awaited));
        night.pending(List.of(sold, gone, empty, goneLater, soldLater, nul, lone, latin, busy));
        Runnable dead = () -> {
            original(degraded, Reply.status(404));
            picture(awaited, 0, Reply.status(503));
            List.of(0, 1).forEach(number -> picture(incomplete, number, Reply.status(404)));
            List.of(0, 2).forEach(number -> picture(waived, number, Reply.status(404)));
        };
        dead.run();
        original(improved, Reply.status(404));
        picture(renewed, 1, Reply.status(404));
        night.script().answers(sold, Reply.code(201));
        night.script().answers(gone, Reply.code(404));
        night.script().answers(empty, emptyResponse());
        night.script().answers(nul, Reply.note(RebuildTests::withNulAndCommentAndNewField));
        night.script().answers(lone, Reply.json(desc(lone, "\\\\ud83d \\\\udc4d\\\\u0000 ")));
        byte[] inLatin1 = desc(latin, "caf\u00e9 ").getBytes(StandardCharsets.ISO_8859_1);
        night.script().answers(latin, Reply.raw(200, "application/json", inLatin1));
        night.script().answers(busy, Reply.code(301));
        night.run(ExitCode.INCOMPLETE);

        night.isNextDay();
        night.script().clear();
        dead.run();
        night.script().answers(empty, emptyResponse());
        night.script().answers(busy, Reply.code(301));
        night.run(ExitCode.INCOMPLETE);
        waive(incomplete, 1);
        waive(waived, 0);
        waive(waived, 2);

        night.isDaysLater(8);
        night.script().answers(goneLater, Reply.code(404));
        night.script().answers(soldLater, Reply.code(201));
        night.requeue(goneLater);
        night.requeue(soldLater);
        night.run(ExitCode.INCOMPLETE);
        update("UPDATE note_capture SET sidecar_verified_at = now()");
        night.run(ExitCode.COMPLETED); // clears responses that are too old for reuse
        assertThat(night.states(kinds)).containsOnly(ARCHIVED);
        assertThat(night.states(List.of(improved, degraded, waived, renewed, nul, lone, latin)))
                .containsOnly(ARCHIVED);
        assertThat(night.states(List.of(sold, gone, empty, goneLater, soldLater)))
                .containsOnly(UNAVAILABLE);
        assertThat(night.state(incomplete)).isEqualTo(FAILED);
        assertThat(night.states(List.of(awaited, busy))).containsOnly(POSTPONED);
        Map<String, List<String>> before = rows();
        // two with code 201, and one in an encoding that the provider's own count cannot read
        assertThat(before.get("api_call").size())
                .isEqualTo(night.provider().bought().size() + 3);
        assertThat(before.get("note_comment")).hasSize(1);
        assertThat(before.get("schema_drift")).hasSize(1);
        int calls = night.calls();

        loseTheDatabase();
        RebuildSummary summary = rebuild(ExitCode.COMPLETED);

        assertSame(rows(), before);
        assertThat(summary.found().sidecars()).isEqualTo(before.get("api_call").size());
        assertThat(summary.found().findings()).isEmpty();
        assertThat(summary.rows().notes()).isEqualTo(before.get("worklist").size());
        assertThat(night.count("SELECT count(verified_at) FROM media_object")).isZero();
        assertThat(night.exitCodes()).containsExactly("COMPLETED");

        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).as("calls of the next run").isEqualTo(calls);
        night.isNextDay();
        night.script().clear();
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).as("calls of the next night").isEqualTo(calls);
        assertThat(night.state(awaited)).isEqualTo(ARCHIVED);
        String another = archived(night.pending(texts.subList(10, 11))).getFirst();
        assertThat(night.state(another)).isEqualTo(ARCHIVED);
    }

    @Test
    void keepsOlderResponsesUntilAnAuditAndRestoresWords() {
        String note = archived(night.pending(SandboxNoteKind.IMAGES, 1)).getFirst();
        update("UPDATE note_media SET words = 'as if it were a subtitle' WHERE state = 'STORED'");
        for (int i = 0; i < 3; i++) {
            update("UPDATE note_capture SET sidecar_verified_at = now()");
            night.isDaysLater(8);
            night.requeue(note);
            night.run(ExitCode.COMPLETED);
        }
        night.run(ExitCode.COMPLETED); // clears responses that are too old for reuse
        Map<String, List<String>> before = rows();
        assertThat(count("note_capture WHERE response IS NULL")).isEqualTo(2);
        assertThat(count("note_media WHERE words IS NOT NULL")).isPositive();

        loseTheDatabase();
        rebuild(ExitCode.COMPLETED);

        assertThat(count("note_capture WHERE response IS NULL")).isZero();
        update("""
                        UPDATE note_capture SET response = NULL
                        WHERE captured_at < (SELECT captured_at FROM note_capture ORDER BY captured_at DESC OFFSET 1 LIMIT 1)
                        """);
        assertSame(rows(), before);
    }

    @Test
    void marksAFileMissingThatTheBucketDoesNotHave() throws Exception {
        List<String> notes = archived(night.pending(SandboxNoteKind.IMAGES, 3));
        Path lost = path(key(notes.get(0), 0));
        Path cut = path(key(notes.get(1), 0));
        byte[] bytes = Files.readAllBytes(cut);
        Files.delete(lost);
        Files.write(cut, "cut".getBytes(UTF_8));
        loseTheDatabase();

        RebuildSummary summary = rebuild(ExitCode.INCOMPLETE);

        assertThat(summary.found().lost()).isEqualTo(2);
        assertThat(summary.found().findings())
                .anySatisfy(line -> assertThat(line).contains(notes.get(0), "IMAGE 0", "is not in the bucket"))
                .anySatisfy(line -> assertThat(line).contains(notes.get(1), "IMAGE 0", "has 3 bytes instead of"));
        for (String note : notes.subList(0, 2)) {
            SlotRow slot = night.slots(note).getFirst();
            assertThat(slot.state()).isEqualTo(SlotState.MISSING);
            assertThat(slot.reason()).isEqualTo("RETRY");
            assertThat(slot.error()).isNotBlank();
            assertThat(night.state(note)).isEqualTo(POSTPONED);
            assertThat(night.note(note).detail()).contains("found by a rebuild");
        }
        assertThat(night.state(notes.get(2))).isEqualTo(ARCHIVED);

        night.run(ExitCode.COMPLETED);
        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        assertThat(night.calls()).as("calls in all").isEqualTo(3);
        assertThat(lost).exists();
        assertThat(cut).hasBinaryContent(bytes);
    }

    @Test
    void refusesBrokenAndHostileSidecarsIndividually() {
        List<String> notes = archived(night.pending(SandboxNoteKind.IMAGES, 2));
        Map<String, List<String>> before = rows();
        byte[] good = night.objects("notes/" + notes.get(0)).firstEntry().getValue();
        Map<String, byte[]> bad = new TreeMap<>();
        String stranger = "ffffffffffffffffffffff";
        bad.put("notes/readme.txt", "hello".getBytes(UTF_8));
        bad.put(key(stranger + "01"), new byte[] {0, 1, 2});
        bad.put(key(stranger + "02"), good);
        bad.put(key(stranger + "03"), changed(good, "03", o -> o.put("format", "other/9")));
        bad.put(key(stranger + "04"), changed(good, "04", o -> o.without("answer")));
        bad.put(key(stranger + "05"), changed(good, "05", o -> o.put("answer", "{}")));
        bad.put(key(stranger + "06"), changed(good, "06", o -> o.put("callId", Long.MAX_VALUE)));
        bad.put(key(stranger + "07"), changed(good, "07", o -> o)); // another note's answer
        Map<String, byte[]> unusable = new TreeMap<>();
        unusable.put(
                key(stranger + "08"),
                changed(good, "08", o -> with(itsOwnResponse(o), "/media/0", "key", "media/../../etc/passwd")));
        unusable.put(
                key(stranger + "09"),
                changed(good, "09", o -> with(itsOwnResponse(o), "/media/0", "sha256", "0".repeat(64))));
        unusable.put(
                key(stranger + "10"), changed(good, "10", o -> with(itsOwnResponse(o), "/media/0", "state", "FINE")));
        unusable.put(
                key(stranger + "11"), changed(good, "11", o -> with(itsOwnResponse(o), "/worklist", "priority", 77)));
        unusable.put(
                key(stranger + "12"), changed(good, "12", o -> with(itsOwnResponse(o), "/worklist", "attempts", -1)));
        bad.put(key(stranger + "13"), ("{\"a\":" + "[".repeat(100_000)).getBytes(UTF_8));
        unusable.put(key(stranger + "14"), changed(good, "14", o -> twice(itsOwnResponse(o))));
        unusable.put(
                key(stranger + "15"),
                changed(
                        good,
                        "15",
                        o -> with(
                                with(itsOwnResponse(o), "/media/0", "state", "WAIVED"),
                                "/media/0",
                                "reason",
                                noise(100_000))));
        bad.forEach((key, bytes) -> store.putBytes(new ObjectKey(key), bytes, "text/plain"));
        unusable.forEach((key, bytes) -> store.putBytes(new ObjectKey(key), bytes, "text/plain"));
        loseTheDatabase();

        RebuildSummary summary = rebuild(ExitCode.INCOMPLETE);

        assertThat(summary.found().refused()).isEqualTo(bad.size());
        for (String key : bad.keySet()) {
            assertThat(summary.found().findings())
                    .anySatisfy(line -> assertThat(line).startsWith(key + " is refused: "));
        }
        assertThat(summary.found().findings())
                .anySatisfy(line -> assertThat(line).contains("its response does not contain the note"))
                .anySatisfy(line -> assertThat(line).contains("Not an object key: \"media/../../etc"))
                .anySatisfy(line -> assertThat(line).contains("not 77"))
                .anySatisfy(line -> assertThat(line).contains("twice"))
                .anySatisfy(line -> assertThat(line).contains("the database rejects its rows"));
        assertThat(summary.found().repaired()).isEqualTo(unusable.size());
        assertThat(texts("SELECT note_id FROM worklist WHERE state = 'PENDING' AND due_at <= now() ORDER BY 1"))
                .as("their paid responses are kept, and they are due")
                .hasSameElementsAs(
                        texts("SELECT note_id FROM api_call WHERE response IS NOT NULL AND note_id LIKE 'ffff%'"))
                .hasSize(unusable.size());
        Map<String, List<String>> rows = rows();
        rows.values().forEach(list -> list.removeIf(row -> row.contains("\"note_id\": \"" + stranger)));
        assertSame(rows, before);
        bad.forEach((key, bytes) -> assertThat(night.objects(key).get(key)).isEqualTo(bytes));
    }

    @ParameterizedTest
    @CsvSource({"/worklist, priority, 77", "/media/0, state, FINE"})
    void runProcessesThePaidResponseOfASidecarWithoutUsableRows(String object, String field, String value) {
        String note = archived(night.pending(SandboxNoteKind.IMAGES, 1)).getFirst();
        String key = night.objects("notes/").firstKey();
        byte[] good = night.objects("notes/").get(key);
        byte[] unusable = JSON.writeValueAsBytes(with((ObjectNode) JSON.readTree(good), object, field, value));
        store.putBytes(new ObjectKey(key), unusable, "application/json");
        int calls = night.calls();
        loseTheDatabase();

        RebuildSummary summary = rebuild(ExitCode.INCOMPLETE);

        assertThat(summary.found().repaired()).isOne();
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).as("nothing is bought twice").isEqualTo(calls);
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
    }

    @Test
    void doesNotReadASidecarLargerThanAnyResponse() {
        StoredObject huge = new StoredObject(key("ffffffffffffffffffffff01"), 1L << 40, Instant.EPOCH);

        assertThat(reader.open(huge).get())
                .isInstanceOfSatisfying(
                        SidecarReader.Refused.class,
                        refused -> assertThat(refused.reason()).contains("1099511627776 bytes"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "worklist (note_id, enqueued_at, due_at) VALUES ('66aa00000000000000000001', now(), now())",
                "author (author_id, updated_at) VALUES ('a', now())",
                "source_gate (code, reason, closed_at, closed_until) VALUES (303, 'r', now(), now() + interval '1 h')"
            })
    void refusesADatabaseWithRows(String row) {
        update("INSERT INTO " + row);
        Map<String, List<String>> before = rows();

        RebuildSummary summary = rebuild(ExitCode.USAGE);

        assertThat(summary.reason()).contains("the tables are not empty", row.split(" ")[0] + " holds rows");
        assertSame(rows(), before);
        assertThat(night.executions()).isEmpty();
    }

    @Test
    void restoresRefreshDaysOfUnavailableNotes() {
        List<String> notes = night.provider().noteIds(SandboxNoteKind.TEXT, 3);
        enqueuer.enqueue(
                new StringReader(String.join("\n", notes)),
                new Enqueuer.Options(null, 5, "test", 3, null),
                _ -> {},
                null);
        night.script().answers(notes.get(0), Reply.code(201));
        night.run(ExitCode.COMPLETED);
        night.isDaysLater(4);
        night.script().answers(notes.get(1), Reply.code(404));
        night.script().answers(notes.get(2), Reply.code(201));
        night.run(ExitCode.COMPLETED);
        assertThat(night.states(notes)).containsOnly(UNAVAILABLE);
        Map<String, List<String>> before = rows();
        loseTheDatabase();

        rebuild(ExitCode.COMPLETED);

        assertThat(notes)
                .allSatisfy(id -> assertThat(night.note(id).refreshDays()).isEqualTo(3));
        assertSame(rows(), before);
    }

    @Test
    void refusesABucketWithoutSidecars() {
        store.ensureBucket();
        night.pending(1);
        loseTheDatabase();

        RebuildSummary summary = rebuild(ExitCode.USAGE);

        assertThat(summary.reason()).contains("holds no sidecar", "ARCHIVE_S3_BUCKET");
        assertThat(night.executions()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"main", "another"})
    void refusesToRebuildDuringARunOfAnyNode(String node) throws Exception {
        night.pending(1);
        night.provider().holdResponses();
        CompletableFuture<RunSummary> run = night.runAside(new RunOptions(null, null, false, node));
        night.awaitHeld(1);

        rebuild(ExitCode.ALREADY_RUNNING);

        night.release(run, ExitCode.COMPLETED);
    }

    @Test
    void resumesAnInterruptedRebuildAndBlocksRunsUntilItsEnd() throws Exception {
        List<String> notes = archived(night.pending(60));
        Map<String, List<String>> before = rows();
        loseTheDatabase();
        int calls = night.calls();

        RebuildSummary interrupted = interruptedRebuild();

        assertEnded(interrupted, ExitCode.INTERRUPTED);
        assertThat(interrupted.found().sidecars()).isLessThan(notes.size());
        assertThat(count("worklist")).isEqualTo(interrupted.found().sidecars());
        RunSummary run = night.run();
        assertEnded(run, ExitCode.USAGE);
        assertThat(run.reason()).contains("note-archive rebuild");
        assertThat(night.calls()).isEqualTo(calls);

        RebuildSummary second = rebuild(ExitCode.COMPLETED);

        assertThat(second.restart()).isTrue();
        assertThat(second.found().sidecars()).as("each read once").isEqualTo(notes.size());
        assertSame(rows(), before);
        assertThat(night.exitCodes()).containsExactly("INTERRUPTED", "COMPLETED");
        assertThat(night.instances()).hasSize(1);
        rebuild(ExitCode.USAGE);
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).isEqualTo(calls);
    }

    @Tag("long")
    @Test
    void unfinishedRebuildOfARestoredDumpIsNotContinuedAfterLaterRuns() throws Exception {
        List<String> notes = archived(night.pending(60));
        loseTheDatabase();
        interruptedRebuild();
        TableDump dump = TableDump.of(night.sql());
        rebuild(ExitCode.COMPLETED);
        night.isDaysLater(8);
        night.requeue(notes.getFirst());
        night.run(ExitCode.COMPLETED);
        assertThat(night.objects("notes/" + notes.getFirst())).hasSize(2);
        List<String> before = rows().get("note_capture");
        dump.restore();

        RebuildSummary again = rebuild(ExitCode.COMPLETED);

        assertThat(again.restart()).isFalse();
        assertThat(rows().get("note_capture")).isEqualTo(before);
    }

    @Test
    void assignsNewCallNumbersToDuplicates() {
        numberFromOne();
        List<String> first = archived(night.pending(3));
        loseTheDatabase();
        store.remove("archive.json"); // as before there was one, or the next run would refuse
        numberFromOne();
        List<String> texts = night.provider().noteIds(SandboxNoteKind.TEXT, 6);
        List<String> second = archived(night.pending(texts.subList(3, 6)));
        loseTheDatabase();

        rebuild(ExitCode.COMPLETED);

        assertThat(night.count("SELECT count(DISTINCT id) FROM api_call")).isEqualTo(6);
        assertThat(night.states(first)).containsOnly(ARCHIVED);
        assertThat(night.states(second)).containsOnly(ARCHIVED);
        assertThat(night.count("SELECT nextval(pg_get_serial_sequence('api_call', 'id'))"))
                .as("the next call's number")
                .isEqualTo(night.count("SELECT max(id) + 1 FROM api_call"));
    }

    @Test
    void fileReplacedByALaterResponseIsNotLost() {
        String note = picturedNotes().getFirst();
        night.pending(List.of(note));
        original(note, Reply.status(404));
        night.run(ExitCode.COMPLETED);
        night.script().clear();
        night.isNextDay();
        paid.replaceDegraded(night.clock().instant());
        interventions.requeueDegraded();
        RunSummary upgrade = night.run();
        assertEnded(upgrade, ExitCode.COMPLETED);
        assertThat(upgrade.files().upgraded()).isOne();
        assertThat(night.objects("notes/" + note)).hasSize(2);
        List<SlotRow> slots = night.slots(note);
        loseTheDatabase();

        rebuild(ExitCode.COMPLETED);

        assertThat(night.slots(note)).isEqualTo(slots);
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
    }

    // what there is

    private static ObjectNode withNulAndCommentAndNewField(ObjectNode envelope) {
        ((ObjectNode) envelope.at("/data/0/note_list/0"))
                .put("title", "a\u0000b")
                .put("brand_new", 1);
        ObjectNode comment =
                ((ObjectNode) envelope.at("/data/0")).putArray("comment_list").addObject();
        comment.put("id", "c1").put("content", "x");
        return envelope;
    }

    private static Reply emptyResponse() {
        return Reply.note(envelope -> {
            envelope.putArray("data");
            return envelope;
        });
    }

    private String desc(String note, String text) {
        return night.provider().envelope(note).toString().replaceFirst("\"desc\":\"", "\"desc\":\"" + text);
    }

    /** A rebuild whose time is over while the rows of its first sidecars are written; these wait until it is. */
    private RebuildSummary interruptedRebuild() throws Exception {
        update("""
                        CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
                        BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NEW; END $$;
                        CREATE TRIGGER hold BEFORE INSERT ON worklist FOR EACH ROW EXECUTE FUNCTION hold()
                        """);
        gate.open(); // as it will be; an earlier run may have left it closed
        try {
            return ended(whileLocked("SELECT pg_advisory_xact_lock(4711)", () -> {
                var running = aside(() -> rebuild.rebuild(false, Duration.ofMillis(500)));
                NightlyScenario.await(
                        "its time is over", () -> gate.stopReason().isPresent());
                return running;
            }));
        } finally {
            update("DROP FUNCTION hold CASCADE");
        }
    }

    private void numberFromOne() {
        night.count("SELECT setval(pg_get_serial_sequence('api_call', 'id'), 1, false)");
    }

    // invalid sidecars

    private static String key(String note) {
        return "notes/" + note + "/20260310T040000.000Z.json";
    }

    private static byte[] changed(byte[] good, String end, UnaryOperator<ObjectNode> change) {
        ObjectNode sidecar = (ObjectNode) JSON.readTree(good);
        sidecar.put("noteId", "ffffffffffffffffffffff" + end);
        sidecar.put("capturedAt", "2026-03-10T04:00:00Z");
        sidecar.put("callId", 1000 + Integer.parseInt(end));
        return JSON.writeValueAsBytes(change.apply(sidecar));
    }

    private static ObjectNode with(ObjectNode sidecar, String object, String field, Object value) {
        ((ObjectNode) sidecar.at(object)).putPOJO(field, value);
        return sidecar;
    }

    private static ObjectNode twice(ObjectNode sidecar) {
        sidecar.withArray("media").add(sidecar.at("/media/0"));
        return sidecar;
    }

    private static ObjectNode itsOwnResponse(ObjectNode sidecar) {
        String id = sidecar.get("noteId").stringValue();
        return sidecar.put(
                "answer", "{\"code\":0,\"data\":[{\"note_list\":[{\"id\":\"" + id + "\",\"title\":\"t\"}]}]}");
    }

    /** So much text that cannot be compressed into what an index takes. */
    private static String noise(int length) {
        byte[] noise = new byte[length / 2];
        new Random(7).nextBytes(noise);
        return HexFormat.of().formatHex(noise);
    }
}
