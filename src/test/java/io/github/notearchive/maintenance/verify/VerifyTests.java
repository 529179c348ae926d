package io.github.notearchive.maintenance.verify;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.FAILED;
import static io.github.notearchive.archive.worklist.NoteState.PENDING;
import static io.github.notearchive.io.ScriptedServer.reply;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.archive.catalog.ArchiveRevision.ArchiveObject;
import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.Expected.Damage.FindingKind;
import io.github.notearchive.archive.catalog.Expected.Verdict;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.maintenance.verify.VerifyRunner.AuditCounts.VerifyCount;
import io.github.notearchive.maintenance.verify.VerifyRunner.AuditRun;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifyOptions;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifySummary;
import io.github.notearchive.nightly.NightServers;
import io.github.notearchive.nightly.NightlyJobTest;
import io.github.notearchive.nightly.NightlyScenario;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.StoreException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Findings, summaries and repairs of audits. */
@NightlyJobTest
class VerifyTests extends AuditFixture {

    @Autowired
    FixityProperties settings;

    @Autowired
    ArchiveProperties archive;

    @Autowired
    AuditRepository catalog;

    @Autowired
    Repairs repairs;

    @Autowired
    SelfTest selfTest;

    @Autowired
    JobRunner jobs;

    @Test
    void marksEveryObjectOfAnIntactArchive() {
        archive(3);
        passes(Duration.ofHours(1));
        Instant begun = night.clock().instant().truncatedTo(ChronoUnit.MICROS);

        VerifySummary audit = verify(ExitCode.COMPLETED);

        assertThat(audit.exitCode().number()).isZero();
        assertThat(audit.files()).isEqualTo(night.objects("media/").size()).isPositive();
        assertThat(audit.sidecars()).isEqualTo(3);
        TreeMap<String, byte[]> objects = night.objects("");
        objects.remove("archive.json"); // compared at the start, and not audited
        assertThat(objects.keySet().removeIf(key -> key.startsWith("log/")))
                .as("the log, which has a separate step")
                .isTrue();
        assertThat(audit.listed()).isEqualTo(objects.size());
        assertThat(audit.bytes())
                .isEqualTo(objects.values().stream().mapToLong(b -> b.length).sum());
        assertThat(audit.filesLeft() + audit.sidecarsLeft()).isZero();
        assertThat(audit.oldestVerified()).isAfterOrEqualTo(begun);
        assertThat(count("fixity_finding")).isZero();
        assertThat(executionsOfAudits()).containsExactly("COMPLETED COMPLETED");
        assertThat(texts(
                        "SELECT step_name FROM batch_step_execution WHERE job_execution_id = ? ORDER BY step_execution_id",
                        audit.execution()))
                .containsExactly(
                        "verifyBucket",
                        "removeOrphans",
                        "verifyFiles",
                        "verifySidecars",
                        "verifyLog",
                        "verifyTables",
                        "repairFindings",
                        "writeSidecars");
    }

    @Test
    void findsDamageThatTheNextRunRepairsAndTheNextAuditCloses() throws Exception {
        List<String> notes = archive(4);
        TreeMap<String, byte[]> truth = night.objects("");
        int calls = night.calls();
        List<String> files = List.copyOf(night.objects("media/").keySet());
        String corrupt = files.get(0);
        String cut = files.get(1);
        String missing = files.get(2);
        String sidecar = night.objects("notes/" + notes.getFirst()).firstKey();
        flip(corrupt);
        write(cut, new byte[] {1, 2, 3});
        Files.delete(path(missing));
        Files.delete(path(sidecar));
        String orphan = plantOrphan();
        update("UPDATE note_capture SET sidecar_verified_at = '2020-01-01'");

        VerifySummary found = verify(ExitCode.FINDINGS);

        assertThat(found.exitCode().number()).isEqualTo(6);
        assertThat(texts("SELECT sidecar_key FROM note_capture WHERE sidecar_verified_at IS NULL"))
                .containsExactly(sidecar);
        assertThat(findings())
                .containsExactlyInAnyOrder(
                        "CORRUPT " + corrupt,
                        "SIZE " + cut,
                        "MISSING " + missing,
                        "SIDECAR_MISSING " + sidecar,
                        "ORPHAN " + orphan);
        assertThat(found.repairs().notesMadeDue()).isZero();
        assertThat(executionsOfAudits()).containsExactly("COMPLETED FINDINGS");
        assertThat(night.states(notes)).containsOnly(ARCHIVED);

        VerifySummary repaired = verify(new VerifyOptions(null, true, true, "main"), ExitCode.FINDINGS);

        assertThat(repaired.repairs().notesMadeDue() + repaired.repairs().waiting())
                .isEqualTo(3);
        assertThat(repaired.repairs().sidecarsRewritten()).isOne();
        assertThat(repaired.repairs().orphansRemoved()).containsExactly(orphan);
        assertThat(responseAndMedia(night.objects("").get(sidecar)))
                .as("only the worklist row differs")
                .isEqualTo(responseAndMedia(truth.get(sidecar)));
        assertThat(night.objects("").get(corrupt))
                .as("kept until it is stored again")
                .isNotNull();
        assertThat(night.states(notes)).contains(PENDING);

        VerifySummary again = repair();
        assertThat(again.repairs().notesMadeDue()).as("a repeat").isZero();
        assertThat(again.repairs().waiting()).isEqualTo(3);
        assertThat(again.repairs().sidecarsRewritten()).isZero();

        night.run(ExitCode.COMPLETED);
        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        assertThat(night.calls()).as("nothing is bought twice").isEqualTo(calls);
        assertThat(night.objects("").keySet()).isEqualTo(truth.keySet());
        assertThat(night.objects("media/"))
                .allSatisfy((key, bytes) -> assertThat(bytes).isEqualTo(truth.get(key)));
        assertThat(night.objects("notes/"))
                .allSatisfy((key, bytes) -> assertThat(responseAndMedia(bytes).getFirst())
                        .isEqualTo(responseAndMedia(truth.get(key)).getFirst()));

        verify(ExitCode.COMPLETED);
        assertThat(findings()).isEmpty();
        assertThat(count("fixity_finding WHERE resolved_at IS NOT NULL")).isEqualTo(5);
    }

    @Test
    void buysOneResponseForAFileSharedByTwoNotes() throws Exception {
        List<String> notes = archive(2);
        String shared = night.objects("media/").firstKey();
        share(shared, notes, "-1 day");
        int calls = night.calls();
        Files.delete(path(shared));
        passes(Duration.ofDays(8));

        VerifySummary repaired = repair();

        assertThat(repaired.open()).containsEntry(FindingKind.MISSING, 1L);
        assertThat(repaired.repairs().notesMadeDue()).isOne();
        assertThat(night.states(notes)).containsExactlyInAnyOrder(ARCHIVED, PENDING);
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).isEqualTo(calls + 1);
        assertThat(night.objects("media/")).containsKey(shared);
        assertThat(verify(AUDIT).open()).as("only what the other note had").containsOnlyKeys(FindingKind.ORPHAN);
    }

    /** Makes the file of a note also one of the other note, captured so much later, and returns the other note. */
    private String share(String file, List<String> notes, String later) {
        String owner = text("SELECT note_id FROM note_media WHERE sha256 = ? LIMIT 1", sha256Of(file));
        update(
                "UPDATE note_media SET sha256 = ?, captured_at = captured_at + ?::interval WHERE note_id <> ?",
                sha256Of(file),
                later,
                owner);
        return notes.get(1 - notes.indexOf(owner));
    }

    @Test
    void doesNotPreferANoteOfWhichOnlyTheVideoResponseIsFresh() throws Exception {
        List<String> notes = archive(2);
        String shared = night.objects("media/").firstKey();
        String other = share(shared, notes, "1 hour");
        update("UPDATE api_call SET endpoint = 'note-detail/v6' WHERE note_id = ?", other);
        Files.delete(path(shared));

        repair();

        assertThat(night.state(notes.get(1 - notes.indexOf(other)))).isEqualTo(PENDING);
        assertThat(night.state(other)).isEqualTo(ARCHIVED);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void doesNotReuseADamagedFile(boolean isFoundByAnAudit) throws Exception {
        List<String> notes = archive(1);
        TreeMap<String, byte[]> truth = night.objects("media/");
        for (var object : truth.entrySet()) {
            if (isFoundByAnAudit) {
                flip(object.getKey());
            } else {
                write(object.getKey(), Arrays.copyOf(object.getValue(), 7)); // found by its size
            }
        }
        if (isFoundByAnAudit) {
            verify(ExitCode.FINDINGS);
        } else {
            update("DELETE FROM note_media"); // as if the bytes were another note's
        }

        notes.forEach(night::requeue);
        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(run.files().stored()).isEqualTo(truth.size());
        assertThat(run.files().deduplicated() + run.files().reused()).isZero();
        assertThat(night.objects("media/"))
                .allSatisfy((key, bytes) -> assertThat(bytes).isEqualTo(truth.get(key)));
    }

    @Test
    void doesNotReuseDamagedAudioBySourceId() throws Exception {
        List<String> notes = night.provider().noteIds(SandboxNoteKind.SOUND, 2);
        for (String note : notes) {
            night.script().answers(note, Reply.noteWith(answer -> {
                answer.remove("widgets_context");
                ((ObjectNode) answer.get("native_voice_info")).put("sound_id", "114600001");
            }));
        }
        archived(night.pending(notes.subList(0, 1)));
        flip(night.objects("media/").firstKey());
        verify(ExitCode.FINDINGS);
        night.pending(notes.subList(1, 2));

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(run.files().reused()).isZero();
        assertThat(run.files().stored()).isOne();
    }

    @Test
    void repairDeletesTheRowOfAnUnusedDamagedFile() throws Exception {
        archive(1);
        String key = night.objects("media/").firstKey();
        String sha256 = sha256Of(key);
        update("""
                        UPDATE note_media SET state = 'WAIVED', reason = 'TEST', sha256 = NULL WHERE sha256 = ?
                        """, sha256);
        update("UPDATE worklist SET sidecar_due = 1");
        Files.delete(path(key));
        verify(ExitCode.FINDINGS);
        assertThat(findings()).containsExactly("MISSING " + key);

        repair(ExitCode.COMPLETED);

        assertThat(findings()).isEmpty();
        assertThat(count("media_object WHERE sha256 = '" + sha256 + "'")).isZero();
    }

    @Test
    void comparesSidecarsWithCaptureLedgerAndUpload() throws Exception {
        List<String> notes = archive(5);
        List<String> keys = notes.stream()
                .map(note -> night.objects("notes/" + note).firstKey())
                .toList();
        Map<String, byte[]> sidecars = night.objects("notes/");
        String edited = new String(sidecars.get(keys.get(3)), UTF_8);
        ObjectNode another = (ObjectNode) JsonMapper.shared().readTree(sidecars.get(keys.get(4)));
        write(keys.get(0), sidecars.get(keys.get(1)));
        write(keys.get(2), "{".getBytes(UTF_8));
        write(
                keys.get(3),
                edited.replaceFirst("\"callId\" : ", "\"callId\" : 1").getBytes(UTF_8));
        write(
                keys.get(4),
                JsonMapper.shared()
                        .writeValueAsBytes(
                                another.put("answer", another.get("answer").stringValue() + " ")));

        verify(ExitCode.FINDINGS);

        assertThat(findings())
                .containsExactlyInAnyOrderElementsOf(Stream.of(0, 2, 3, 4)
                        .map(number -> "SIDECAR_CORRUPT " + keys.get(number))
                        .toList());
        assertThat(finding("seen", keys.get(0))).contains("the content is of note \"" + notes.get(1));
        assertThat(finding("seen", keys.get(2))).startsWith("1 bytes that cannot be used: not JSON");
        assertThat(finding("seen", keys.get(3))).contains(" instead of the uploaded ");
        assertThat(finding("seen", keys.get(4))).isEqualTo("another response than that of the ledger");
    }

    /** Each is what rebuild would restore without an objection. */
    @Test
    void findsAnOlderSidecarInPlaceOfTheNewestAndWritesItAgainFromTheTables() throws Exception {
        String note = picturedNotes().getFirst();
        night.pending(List.of(note));
        picture(note, 0, Reply.status(503));
        night.run(ExitCode.INCOMPLETE);
        String key = night.objects("notes/").firstKey();
        byte[] older = night.objects("notes/").get(key);
        night.script().clear();
        night.isNextDay();
        night.run(ExitCode.COMPLETED);
        byte[] newest = night.objects("notes/").get(key);
        Map<String, List<String>> rows = rows();
        update("UPDATE api_call SET response = NULL"); // it is in the sidecar only
        Map<String, byte[]> stale = Map.of(
                "without the slots [IMAGE 0 STORED ", older,
                "with other slots than the tables: [PREVIEW 0 WAIVED]",
                        edited(
                                newest,
                                json -> json.withArray("media")
                                        .add(((ObjectNode) json.at("/media/0"))
                                                .deepCopy()
                                                .put("kind", "PREVIEW")
                                                .put("state", "WAIVED")
                                                .put("reason", "x")
                                                .without("key"))),
                "FAILED, settled at ",
                        edited(
                                newest,
                                json -> json.withObject("worklist")
                                        .put("state", "FAILED")
                                        .put("reason", "REJECTED")),
                "ARCHIVED, settled at 2026-01-01T00:00:00Z",
                        edited(newest, json -> json.withObject("worklist").put("settledAt", "2026-01-01T00:00:00Z")),
                "the log has no entry", edited(newest, json -> json.put("logSalt", "0".repeat(64))));
        for (var each : stale.entrySet()) {
            store.putBytes(new ObjectKey(key), each.getValue(), "application/json");

            verify(ExitCode.FINDINGS);

            assertThat(findings()).containsExactly("SIDECAR_STALE " + key);
            assertThat(text("SELECT seen FROM fixity_finding WHERE resolved_at IS NULL"))
                    .contains(each.getKey());
            assertThat(count("note_capture WHERE sidecar_verified_at IS NOT NULL"))
                    .isZero();
            assertThat(repair().repairs().sidecarsRewritten()).isOne();
            verify(ExitCode.COMPLETED);
            assertThat(count("note_capture WHERE sidecar_verified_at IS NOT NULL"))
                    .isOne();
            assertThat(responseAndMedia(night.objects("notes/").get(key))).isEqualTo(responseAndMedia(newest));
        }
        loseTheDatabase();
        rebuild(ExitCode.COMPLETED);
        update("UPDATE api_call SET response = NULL");
        assertSame(without("api_call", rows()), without("api_call", rows));
    }

    private static Map<String, List<String>> without(String table, Map<String, List<String>> rows) {
        rows.remove(table);
        return rows;
    }

    private static byte[] edited(byte[] sidecar, Consumer<ObjectNode> change) {
        ObjectNode json = (ObjectNode) JsonMapper.shared().readTree(sidecar);
        change.accept(json);
        return JsonMapper.shared().writeValueAsBytes(json);
    }

    @Test
    void aNoteThatAnOperatorMadeDueHasNoStaleSidecar() {
        String note = archive(1).getFirst();
        night.requeue(note);

        verify(ExitCode.COMPLETED);
    }

    @Test
    void aSidecarThatIsDueIsNeitherStaleNorVerified() {
        archive(1);
        update("UPDATE note_media SET state = 'WAIVED', reason = 'TEST', sha256 = NULL");
        update("UPDATE worklist SET sidecar_due = 1");

        verify(ExitCode.COMPLETED);

        assertThat(findings()).isEmpty();
        assertThat(count("note_capture WHERE sidecar_verified_at IS NOT NULL")).isZero();
    }

    @Test
    void findsTheSidecarOfAForgottenNoteThatIsBackAndTheNextForgetRemovesIt() throws Exception {
        List<String> notes = archive(2);
        TreeMap<String, byte[]> objects = night.objects("");
        String key = night.objects("notes/" + notes.getFirst()).firstKey();
        String file = key(notes.getFirst(), 0);
        forget(notes.getFirst());
        String orphan = plantOrphan();
        for (String returned : List.of(key, file)) {
            store.putBytes(new ObjectKey(returned), objects.get(returned), "application/json");
        }
        age(file, Duration.ofDays(2));

        VerifySummary audit = verify(DELETE_ORPHANS, ExitCode.FINDINGS);

        assertThat(audit.repairs().orphansRemoved())
                .as("no row and no sidecar of another note names the file")
                .containsExactlyInAnyOrder(orphan, file);
        assertThat(findings()).containsExactly("FORGOTTEN " + key);
        assertThat(finding("repair", key)).contains("forget " + notes.getFirst() + " --yes");
        assertThat(count("forgotten_note WHERE finished_at IS NULL")).isOne();

        forget(notes.getFirst());

        assertThat(night.objects("")).doesNotContainKeys(key, file);
        verify(ExitCode.COMPLETED);
    }

    @Test
    void keepsAnOrphanWhileANoteMissesAFileThatMayBeIt() throws Exception {
        archive(1);
        String orphan = plantOrphan();
        String listed = plant(ORPHAN.replace("/00/", "/01/"), Duration.ofDays(2));
        update("INSERT INTO forgotten_object (object_key, size_bytes) VALUES (?, 7)", listed);
        update("""
                        UPDATE note_media SET state = 'MISSING', reason = 'DEAD', sha256 = NULL
                        WHERE (note_id, kind, ordinal) = (SELECT note_id, kind, ordinal FROM note_media LIMIT 1)
                        """);

        VerifySummary audit = verify(DELETE_ORPHANS, ExitCode.FINDINGS);

        assertThat(audit.repairs().orphansRemoved()).as("of an erased note").containsExactly(listed);
        assertThat(audit.repairs().orphansLeft())
                .singleElement()
                .asString()
                .startsWith(orphan + ": it may be a missing file, such as ");
        update("UPDATE note_media SET reason = 'GONE' WHERE state = 'MISSING'");
        assertThat(verify(DELETE_ORPHANS).repairs().orphansRemoved()).contains(orphan);
    }

    @Test
    void removesTheRowOfAnOrphanBeforeItsObject() throws Exception {
        archive(1);
        String orphan = plantOrphan();
        update("""
                        INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at, verified_at)
                        VALUES (?, ?, 7, 'image/jpeg', now(), now() + interval '30 s')
                        """, "0".repeat(64), orphan);
        night.wayToStore().holdRequests(line -> line.startsWith("DELETE"));
        try {
            var audit = aside(() -> verify(DELETE_ORPHANS));
            night.wayToStore().awaitHeld(1, NightlyScenario.PATIENCE);

            assertThat(count("media_object WHERE object_key = '" + orphan + "'"))
                    .isZero();

            night.wayToStore().release();
            assertThat(ended(audit).repairs().orphansRemoved()).containsExactly(orphan);
        } finally {
            night.wayToStore().release();
        }
    }

    @Test
    void keepsTheLastCopyOfAResponseWhileItsSidecarIsMissing() throws Exception {
        List<String> notes = archive(2);
        String lost = notes.getFirst();
        Files.delete(path(night.objects("notes/" + lost).firstKey()));
        verify(ExitCode.FINDINGS);

        passes(Duration.ofDays(9));
        night.run(ExitCode.COMPLETED);

        assertThat(texts("SELECT note_id FROM api_call WHERE response IS NOT NULL"))
                .containsExactly(lost);
        VerifySummary repaired = repair();
        assertThat(repaired.repairs().sidecarsRewritten()).isOne();
        verify(ExitCode.COMPLETED);
    }

    @Test
    void reportsALostResponseOfAnOlderCapture() throws Exception {
        String note = archive(1).getFirst();
        for (int i = 0; i < 3; i++) {
            verify(ExitCode.COMPLETED);
            passes(Duration.ofDays(8));
            night.requeue(note);
            night.run(ExitCode.COMPLETED);
        }
        night.run(ExitCode.COMPLETED); // clears responses that are too old for reuse
        List<String> keys = List.copyOf(night.objects("notes/" + note).keySet());
        Files.delete(path(keys.get(0)));
        Files.delete(path(keys.get(2)));
        Files.delete(path(keys.get(3)));

        VerifySummary repaired = repair();

        assertThat(repaired.open()).containsEntry(FindingKind.SIDECAR_MISSING, 3L);
        assertThat(finding("repair", keys.get(0))).contains("is lost, no table has it; restore this object");
        assertThat(finding("repair", keys.get(2))).contains("note_capture.response has it as JSON");
        assertThat(finding("repair", keys.get(3))).isEqualTo("written again from the ledger");
    }

    @Test
    void reportsWhyARepairIsNotPossibleAndBuysNothing() throws Exception {
        List<String> notes = archive(2);
        String failed = notes.getFirst();
        String archived = notes.getLast();
        String file = key(failed, 0);
        String unlisted = key(archived, 0);
        String sidecar = night.objects("notes/" + failed).firstKey();
        for (String key : List.of(file, unlisted, sidecar)) {
            Files.delete(path(key));
        }
        update("UPDATE worklist SET state = 'FAILED', reason = 'REJECTED' WHERE note_id = ?", failed);
        update("UPDATE api_call SET response = NULL WHERE note_id = ?", failed);
        // as if the newest response of the note were a day younger, and without it
        update(
                "UPDATE note_media SET captured_at = captured_at - interval '1 day' WHERE sha256 = ?",
                sha256Of(unlisted));

        VerifySummary audit = repair(ExitCode.FINDINGS);

        assertThat(audit.repairs().notPossible()).isEqualTo(3);
        assertThat(audit.repairs().notesMadeDue()).isZero();
        assertThat(finding("repair", file)).contains("none of its notes is ARCHIVED, for example " + failed);
        assertThat(finding("repair", unlisted)).contains("no run can store it again: a file of note " + archived);
        assertThat(finding("repair", sidecar)).contains("the ledger no longer has the exact response of call");
        assertThat(night.states(notes)).containsExactly(FAILED, ARCHIVED);
    }

    @Test
    void reportsAnUnusedObjectOnlyAboveTheMinimumAgeAndRemovesItWithItsRow() throws Exception {
        archive(1);
        String young = ORPHAN;
        String old = "media/11/" + "1".repeat(64) + ".jpg";
        String foreign = "media/some body's file.txt";
        String elsewhere = "backup/dump.sql";
        String sha256 = DigestUtils.sha256Hex("planted");
        String unused = "media/" + sha256.substring(0, 2) + "/" + sha256 + ".jpg";
        plant(young, settings.orphanAge().minusMinutes(5));
        plant(old, settings.orphanAge().plusMinutes(5));
        for (String key : List.of(foreign, elsewhere, unused)) {
            plant(key, Duration.ofDays(300));
        }
        update("""
                        INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at)
                        VALUES (?, ?, 7, 'image/jpeg', timestamptz '2026-01-01')
                        """, sha256, unused);

        VerifySummary audit = verify(ExitCode.FINDINGS);

        assertThat(findings()).containsExactlyInAnyOrder("ORPHAN " + old, "ORPHAN " + foreign, "ORPHAN " + unused);
        assertThat(audit.young()).isOne();
        Files.delete(path(foreign));
        verify(AUDIT);
        assertThat(findings())
                .as("what is gone is none")
                .containsExactlyInAnyOrder("ORPHAN " + old, "ORPHAN " + unused);
        plant(foreign, Duration.ofDays(300));
        assertThat(night.objects("")).containsKeys(young, old, foreign, elsewhere, unused);

        VerifySummary removal = verify(DELETE_ORPHANS, ExitCode.COMPLETED);

        assertThat(removal.repairs().orphansRemoved()).containsExactlyInAnyOrder(old, foreign, unused);
        assertThat(night.objects("")).containsKeys(young, elsewhere).doesNotContainKeys(old, foreign, unused);
        assertThat(count("media_object WHERE object_key = '" + unused + "'")).isZero();
    }

    @Test
    void sidecarOfAPaidResponseWithoutItsNoteIsNoOrphan() throws Exception {
        String note = night.provider().noteIds(SandboxNoteKind.IMAGES, 1).getFirst();
        night.pending(List.of(note));
        night.script().answers(note, Reply.noteWith(answer -> answer.put("id", "0123456789abcdef01234567")));
        night.run(ExitCode.INCOMPLETE);
        String sidecar = night.objects("notes/" + note).firstKey();
        assertThat(count("note_capture")).isZero();
        age(sidecar, Duration.ofDays(2));

        verify(DELETE_ORPHANS, ExitCode.COMPLETED);

        assertThat(findings()).isEmpty();
        assertThat(night.objects("notes/")).containsOnlyKeys(sidecar);
    }

    @Test
    void removesNoOrphanWhileASidecarIsUnknown() throws Exception {
        archive(1);
        String unknown = "notes/" + "0".repeat(24) + "/20260101T000000.000Z.json";
        plant(unknown, Duration.ofDays(2));
        String orphan = plantOrphan();

        VerifySummary audit = verify(new VerifyOptions(null, true, true, "main"), ExitCode.FINDINGS);

        assertThat(audit.repairs().orphansRemoved()).isEmpty();
        assertThat(audit.repairs().orphansLeft())
                .hasSize(2)
                .allSatisfy(left -> assertThat(left).contains("do not contain, " + unknown));
        assertThat(night.objects("")).containsKeys(unknown, orphan);
    }

    @Test
    void removesNoOrphanDuringARun() throws Exception {
        archive(1);
        String orphan = plantOrphan();
        night.pending(night.provider().noteIds(SandboxNoteKind.TEXT, 1));
        CompletableFuture<RunSummary> run = night.runUntilHeld(1);

        VerifySummary beside = verify(DELETE_ORPHANS, ExitCode.FINDINGS);

        assertThat(beside.repairs().orphansRemoved()).isEmpty();
        assertThat(beside.repairs().orphansLeft()).singleElement().asString().contains("a run is active");
        assertThat(night.objects("")).containsKey(orphan);
        night.release(run, ExitCode.COMPLETED);
    }

    @Test
    void resumesAnInterruptedAuditAndReadsNothingTwice() throws Exception {
        archive(16);
        passes(Duration.ofHours(1));
        long files = night.objects("media/").size();
        assertThat(files).as("more than is read ahead").isGreaterThan(4L * VerifyJob.CHUNK);
        flip(firstInLine());
        String orphan = plantOrphan();

        VerifySummary stopped = inTheMiddle(() -> gate.close(ExitCode.INTERRUPTED, "an operator says so"));

        assertThat(executionsOfAudits()).containsExactly("STOPPED INTERRUPTED");
        assertEnded(stopped, ExitCode.FINDINGS);
        assertThat(stopped.reason())
                .isEqualTo("CORRUPT 1, ORPHAN 1; and the audit is not finished: an operator says so");
        assertThat(stopped.files()).isBetween((long) VerifyJob.CHUNK, files - 1);
        assertThat(stopped.filesLeft()).isEqualTo(files - stopped.files());

        // also repairs what was found before, which is read again
        VerifySummary rest = verify(new VerifyOptions(null, true, true, "main"), ExitCode.FINDINGS);

        assertThat(rest.restart()).isTrue();
        assertThat(rest.instance()).isEqualTo(stopped.instance());
        assertThat(rest.repairs().notesMadeDue()).isOne();
        assertThat(rest.repairs().orphansRemoved()).containsExactly(orphan);
        assertThat(rest.files()).as("all, and the damaged one twice").isEqualTo(files + 1);
        assertThat(rest.filesLeft()).isZero();
        assertThat(executionsOfAudits()).containsExactly("STOPPED INTERRUPTED", "COMPLETED FINDINGS");
        assertThat(options(stopped)).containsExactly("deleteOrphans=false", "repair=false");
        assertThat(options(rest)).containsExactly("deleteOrphans=true", "repair=true");
    }

    @Test
    void storeOutageMakesNothingMissing() throws Exception {
        archive(16);
        passes(Duration.ofHours(1));
        long files = night.objects("media/").size();

        VerifySummary cut = inTheMiddle(() -> night.wayToStore().down());

        assertEnded(cut, ExitCode.UPSTREAM_UNAVAILABLE);
        assertThat(cut.exitCode().number()).isEqualTo(8);
        assertThat(count("fixity_finding")).isZero();
        assertThat(cut.filesLeft()).isEqualTo(files - cut.files()).isPositive();
        assertThat(executionsOfAudits()).containsExactly("STOPPED UPSTREAM_UNAVAILABLE");

        verify(ExitCode.UPSTREAM_UNAVAILABLE);
        assertThat(executionsOfAudits()).as("not even begun").hasSize(1);

        night.wayToStore().mend();
        VerifySummary rest = verify(AUDIT);
        assertEnded(rest, ExitCode.COMPLETED);
        assertThat(rest.instance()).isEqualTo(cut.instance());
        assertThat(rest.files()).as("none is read twice").isEqualTo(files);
    }

    @Test
    void unreadObjectPreventsCompletion() throws Exception {
        archive(1);
        passes(Duration.ofHours(1));

        VerifySummary cut = inTheMiddle(() -> night.wayToStore().down());

        assertEnded(cut, ExitCode.UPSTREAM_UNAVAILABLE);
        assertThat(cut.reason()).startsWith("1 object could not be read, last: ");
        assertThat(cut.filesLeft()).as("read before the store went away").isZero();
        assertThat(cut.sidecarsLeft()).isOne();
        night.wayToStore().mend();
        verify(ExitCode.COMPLETED);
    }

    @Test
    void readsAnObjectVerifiedInTheFuture() throws Exception {
        archive(2);
        passes(Duration.ofHours(1));
        long files = night.objects("media/").size();
        String corrupt = night.objects("media/").firstKey();
        flip(corrupt);
        String future = night.clock().instant().plus(Duration.ofDays(400)).toString();
        update("UPDATE media_object SET verified_at = ?::timestamptz", future);
        update("UPDATE note_capture SET sidecar_verified_at = ?::timestamptz", future);

        VerifySummary audit = verify(ExitCode.FINDINGS);

        assertThat(findings()).containsExactly("CORRUPT " + corrupt);
        assertThat(audit.files()).isEqualTo(files);
        assertThat(audit.sidecars()).isEqualTo(2);
        assertThat(audit.dateInFuture()).isEqualTo(files + 2);
        assertThat(audit.filesLeft() + audit.sidecarsLeft()).isZero();

        passes(Duration.ofHours(1));
        VerifySummary next = verify(AUDIT);

        assertThat(next.dateInFuture()).isZero();
        assertThat(next.files()).as("read again, since it is a new audit").isEqualTo(files);
    }

    @Test
    void checksAFindingDatedInTheFutureAgain() throws Exception {
        archive(1);
        String damaged = night.objects("media/").firstKey();
        flip(damaged);
        passes(Duration.ofDays(400));
        verify(ExitCode.FINDINGS);
        passes(Duration.ofDays(-400).plusHours(1));
        flip(damaged);

        VerifySummary audit = verify(ExitCode.COMPLETED);

        assertThat(audit.files()).isEqualTo(night.objects("media/").size());
        assertThat(findings()).isEmpty();
    }

    @Test
    void completesAnAuditStartedByAClockAhead() throws Exception {
        archive(1);
        passes(Duration.ofDays(400));
        VerifySummary boxed = inTheMiddle(Duration.ofMillis(300));
        assertEnded(boxed, ExitCode.INTERRUPTED);
        passes(Duration.ofDays(-400).plusHours(1));
        String corrupt = night.objects("media/").firstKey();
        flip(corrupt);

        VerifySummary rest = verify(AUDIT);

        assertThat(rest.instance()).isEqualTo(boxed.instance());
        assertEnded(rest, ExitCode.FINDINGS);
        assertThat(findings()).containsExactly("CORRUPT " + corrupt);
        assertThat(rest.files() - boxed.files())
                .isEqualTo(night.objects("media/").size());
        assertThat(rest.filesLeft() + rest.sidecarsLeft()).isZero();
    }

    @Test
    void queuesTheObjectsOfAShardOnce() {
        update("""
                INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at)
                SELECT encode(sha256(i::text::bytea), 'hex'), 'media/' || i, 1, 'image/jpeg', now() FROM generate_series(1, 9) AS i;
                UPDATE media_object SET verified_at = CASE WHEN place > 1 THEN timestamptz '2020-01-01' + place * interval '1 day' END
                FROM (SELECT sha256 AS digest, row_number() OVER (ORDER BY md5(sha256)) AS place FROM media_object) AS places
                WHERE sha256 = digest
                """);

        assertThat(line("", "g")).hasSize(9).isEqualTo(texts("SELECT sha256 FROM media_object ORDER BY sha256"));
        assertThat(Stream.concat(line("", "8000").stream(), line("8000", "g").stream()))
                .isEqualTo(line("", "g"));
    }

    /** Reads the queue of a shard two objects at a time. */
    private List<String> line(String lower, String upper) {
        List<String> line = new ArrayList<>();
        String last = lower;
        List<AuditRepository.Queued> page;
        do {
            Instant since = night.clock().instant().plusSeconds(1);
            page = catalog.queue(
                    AuditRepository.Area.FILES, since, false, new AuditRepository.KeyRange(last, upper), 2);
            for (AuditRepository.Queued queued : page) {
                line.add(((Expected.MediaFile) queued.expected()).sha256());
                last = queued.id();
            }
        } while (!page.isEmpty());
        return line;
    }

    @Test
    void makesTheNoteOfAnUnrecordedFileDue() {
        List<String> notes = archive(1);
        TreeMap<String, byte[]> truth = night.objects("media/");
        String key = truth.firstKey();
        update("UPDATE note_media SET words = 'as if it were a subtitle' WHERE sha256 = ?", sha256Of(key));
        deleteRowOf(key);

        verify(ExitCode.FINDINGS);
        assertThat(findings()).containsExactly("UNRECORDED " + key.replaceFirst("\\.\\w+$", ""));
        assertThat(night.slots(notes.getFirst())).anyMatch(slot -> slot.media() == null);
        assertThat(repair().repairs().notesMadeDue()).isOne();
        assertThat(count("note_media WHERE words IS NOT NULL")).isZero();
        assertThat(count("worklist WHERE sidecar_due IS NOT NULL")).isZero();
        night.run(ExitCode.COMPLETED);

        verify(ExitCode.COMPLETED);
        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        assertThat(night.objects("media/").keySet()).isEqualTo(truth.keySet());
        assertThat(night.calls()).isOne();
    }

    @Test
    void dropsAnUnrecordedPreview() {
        String note = archive(1).getFirst();
        String key = night.objects("media/").firstKey();
        update("UPDATE note_media SET kind = 'PREVIEW' WHERE sha256 = ?", sha256Of(key));
        update("UPDATE worklist SET sidecar_due = 1");
        deleteRowOf(key);

        VerifySummary repaired = repair(ExitCode.COMPLETED);

        assertThat(repaired.repairs().previewsDropped()).isOne();
        assertThat(repaired.repairs().notPossible()).isZero();
        assertThat(count("note_media WHERE kind = 'PREVIEW'")).isZero();
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(count("worklist WHERE sidecar_due IS NOT NULL")).isZero();
        verify(ExitCode.COMPLETED);
        assertThat(count("note_capture WHERE sidecar_verified_at IS NOT NULL")).isOne();
    }

    /**
     * A run that has stored a file and waits for a row must not wait for an audit that waits for the run: PostgreSQL
     * cannot see the audit wait for itself.
     */
    @Test
    void locksNoRowOfANoteWhileItWaitsForRuns() throws Exception {
        String note = archive(1).getFirst();
        deleteRowOf(night.objects("media/").firstKey());
        update("""
                        INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at)
                        VALUES (repeat('a', 64), 'media/unused.jpg', 1, 'image/jpeg', now());
                        INSERT INTO fixity_finding (kind, object_key, sha256, seen, first_seen, last_seen, repair, repaired_at,
                                                    job_execution_id)
                        VALUES ('MISSING', 'media/unused.jpg', repeat('a', 64), 'none', now(), now(), 'made due', now(), 1)
                        """);
        passes(Duration.ofMinutes(1));

        var audit = whileLocked("LOCK TABLE media_object IN ROW EXCLUSIVE MODE", () -> {
            CompletableFuture<VerifySummary> repair = aside(this::repair);
            NightlyScenario.await(
                    "the audit waits for the run",
                    () -> count("pg_locks WHERE NOT granted AND mode = 'ShareRowExclusiveLock'") == 1);
            return whileLocked("SELECT FROM worklist WHERE note_id = '" + note + "' FOR UPDATE NOWAIT", () -> repair);
        });

        assertEnded(ended(audit), ExitCode.FINDINGS);
        assertThat(count("media_object WHERE size_bytes = 1")).isZero();
        assertThat(night.state(note)).isEqualTo(PENDING);
    }

    /** Deletes the row of a file that slots refer to. */
    private void deleteRowOf(String file) {
        new TransactionTemplate(transactions).executeWithoutResult(_ -> {
            update("SET LOCAL session_replication_role = replica");
            update("DELETE FROM media_object WHERE object_key = ?", file);
        });
    }

    @Test
    void status403EndsTheAuditAndStatus500IsReportedWithoutRepair() throws Exception {
        String note = archive(1).getFirst();
        passes(Duration.ofMinutes(1));
        try (ScriptedServer _ = store(403, "AccessDenied")) {
            VerifySummary audit = verify(ExitCode.UPSTREAM_UNAVAILABLE);

            assertThat(audit.reason()).contains("AccessDenied");
            assertThat(count("fixity_finding")).isZero();
            assertThat(audit.filesLeft()).isEqualTo(count("media_object"));
        }
        try (ScriptedServer _ = store(500, "InternalError")) {
            VerifySummary audit = repair(ExitCode.FINDINGS);

            assertThat(audit.open().keySet()).containsExactly(FindingKind.UNREADABLE);
            assertThat(audit.repairs().notPossible()).isEqualTo(audit.findings());
            assertThat(night.state(note)).isEqualTo(ARCHIVED);
        }
        night.wayToStore().mend();
        verify(ExitCode.COMPLETED);
    }

    /** Replaces the store by one with an empty listing and {@code archive.json}, and an error for other objects. */
    private ScriptedServer store(int status, String code) {
        String archive = ArchiveObject.KEY.value();
        byte[] archiveObject = night.objects(archive).get(archive);
        byte[] error = ("<Error><Code>" + code + "</Code></Error>").getBytes(UTF_8);
        ScriptedServer server = new ScriptedServer();
        server.always((socket, out) -> {
            String line = server.requests().getLast().line();
            boolean isBucket = line.matches("\\w+ /" + NightServers.BUCKET + "/?(\\?\\S*)? .*");
            ScriptedServer.Reply reply = reply(status, error, "Content-Type: application/xml");
            if (line.startsWith("HEAD")) {
                reply = reply(isBucket ? 200 : 404, new byte[0]);
            } else if (isBucket) {
                reply = EMPTY_LISTING;
            } else if (line.contains(archive)) {
                reply = reply(200, archiveObject);
            }
            return reply.write(socket, out);
        });
        night.wayToStore().leadTo(URI.create(server.address()).getPort());
        return server;
    }

    @Test
    void makesNoMoreNotesDueThanAllowed() {
        String note = archive(1).getFirst();
        Verdict damaged = new Verdict(firstQueued().expected(), new Damage(FindingKind.MISSING, "no such key"), 0);
        AuditRun audit = new AuditRun(REPAIR, night.clock(), gate, archive.outage());
        audit.count(VerifyCount.NOTES_MADE_DUE, settings.maxRepairs());

        repairs.repair(damaged, audit);
        NoteState before = night.state(note);
        audit.count(VerifyCount.NOTES_MADE_DUE, -1);
        repairs.repair(damaged, audit);

        assertThat(audit.counts().of(VerifyCount.NOT_POSSIBLE)).isOne();
        assertThat(before).isEqualTo(ARCHIVED);
        assertThat(audit.counts().of(VerifyCount.NOTES_MADE_DUE)).isEqualTo(settings.maxRepairs());
        assertThat(night.state(note)).isEqualTo(PENDING);
    }

    @Test
    void selfTestDistinguishesWorkingAndBlindChecksAndLeavesNoObject() {
        assertThatThrownBy(selfTest::run)
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("there is no such bucket");
        store.ensureBucket();

        List<SelfTest.Probe> probes = selfTest.run().orElseThrow();
        List<SelfTest.Probe> blind =
                selfTest(expected -> new Verdict(expected, null, 0)).run().orElseThrow();

        assertThat(probes).hasSize(7).allMatch(SelfTest.Probe::found);
        assertThat(blind)
                .filteredOn(SelfTest.Probe::found)
                .singleElement()
                .satisfies(probe -> assertThat(probe.expected()).isNull());
        assertThat(night.objects("")).isEmpty();
        assertThatThrownBy(selfTest(_ -> {
                    throw new IllegalStateException("broken");
                })::run)
                .hasMessage("broken");
        assertThat(night.objects("")).isEmpty();
    }

    /** Returns a test whose checks return this verdict. */
    private SelfTest selfTest(Function<Expected, Verdict> verdict) {
        return new SelfTest(jobs, store, new ObjectCheck(store, null) {
            @Override
            Verdict check(Expected expected) {
                return verdict.apply(expected);
            }
        });
    }

    /** Ends the time box of an audit while it waits to write its first verdicts. */
    private VerifySummary inTheMiddle(Duration timeBox) throws Exception {
        return whileHeld(timeBox, () -> NightlyScenario.await("the time box is over", gate::isClosed));
    }

    /** Executes an action while an audit waits to write its first verdicts; returns its summary. */
    private VerifySummary inTheMiddle(Runnable action) throws Exception {
        return whileHeld(null, action::run);
    }

    private VerifySummary whileHeld(@Nullable Duration timeBox, Executable action) throws Exception {
        return ended(whileLocked("SELECT 1 FROM media_object FOR UPDATE", () -> {
            var audit = aside(() -> verify(new VerifyOptions(timeBox, false, false, "main")));
            NightlyScenario.await(
                    "the audit waits to write",
                    () -> audit.isDone()
                            || count(
                                            "pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE media_object%'")
                                    > 0);
            Assertions.assertDoesNotThrow(action);
            return audit;
        }));
    }

    private List<String> archive(int count) {
        return archived(night.pending(night.provider().noteIds(SandboxNoteKind.IMAGES, count)));
    }

    private VerifySummary verify(ExitCode expected) {
        return verify(AUDIT, expected);
    }

    private VerifySummary repair() {
        return verify(REPAIR);
    }

    private VerifySummary repair(ExitCode expected) {
        return verify(REPAIR, expected);
    }

    private VerifySummary verify(VerifyOptions options, ExitCode expected) {
        VerifySummary audit = verify(options);
        assertEnded(audit, expected);
        return audit;
    }

    /** Changes one bit of an object. */
    private void flip(String key) throws IOException {
        byte[] bytes = Files.readAllBytes(path(key));
        bytes[bytes.length / 2] ^= 1;
        write(key, bytes);
    }

    /** Replaces the bytes of an object, but not its metadata. */
    private void write(String key, byte[] bytes) throws IOException {
        Files.write(path(key), bytes);
    }

    private String firstInLine() {
        return firstQueued().expected().key().value();
    }

    private AuditRepository.Queued firstQueued() {
        return catalog.queue(
                        AuditRepository.Area.FILES,
                        night.clock().instant(),
                        false,
                        new AuditRepository.KeyRange("", "g"),
                        1)
                .getFirst();
    }

    private String sha256Of(String key) {
        return text("SELECT sha256 FROM media_object WHERE object_key = ?", key);
    }

    private static List<JsonNode> responseAndMedia(byte[] sidecar) {
        JsonNode json = JsonMapper.shared().readTree(sidecar);
        return List.of(json.path("answer"), json.path("media"), json.path("call"));
    }

    private String finding(String column, String key) {
        return text("SELECT " + column + " FROM fixity_finding WHERE object_key = ?", key);
    }

    private List<String> executionsOfAudits() {
        return texts("""
                SELECT e.status || ' ' || e.exit_code FROM batch_job_execution e JOIN batch_job_instance i USING (job_instance_id)
                WHERE i.job_name = 'verifyArchive' ORDER BY e.job_execution_id
                """);
    }

    private List<String> options(VerifySummary audit) {
        return texts("""
                SELECT parameter_name || '=' || parameter_value FROM batch_job_execution_params
                WHERE job_execution_id = ? AND identifying = 'N' ORDER BY parameter_name
                """, audit.execution());
    }
}
