package io.github.notearchive.maintenance.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.batch.ShardRepository;
import io.github.notearchive.batch.ShardRepository.NewShard;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifyOptions;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifySummary;
import io.github.notearchive.nightly.NightlyJobTest;
import io.github.notearchive.nightly.NightlyScenario;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** Audits that several nodes share. {@code acceptance.SharedScansTests} has processes. */
@NightlyJobTest
class SharedAuditTests extends AuditFixture {

    private static final VerifyOptions EAST = new VerifyOptions(null, false, false, "east");

    @Autowired
    ShardRepository shards;

    @Autowired
    SelfTest selfTest;

    @Test
    void twoNodesFindWhatOneFinds() throws Exception {
        archived(night.pending(night.provider().noteIds(SandboxNoteKind.IMAGES, 8)));
        List<String> files = List.copyOf(night.objects("media/").keySet());
        Files.delete(path(files.get(3)));
        Files.write(path(files.getLast()), new byte[] {1, 2, 3});
        Files.delete(path(night.objects("notes/").firstKey()));
        plantOrphan();
        VerifySummary one = verify(AUDIT);
        List<String> expected = findings();
        assertThat(expected).hasSize(4);
        update("DELETE FROM fixity_finding");
        cut();

        var main = held(files.getFirst());
        CompletableFuture<VerifySummary> east = aside(() -> audits.verify(EAST));
        awaitUndone("verifyFiles", 1);
        assertThat(texts("SELECT claimed_by FROM scan_shard WHERE step = 'verifyFiles' AND done_at IS NULL"))
                .containsExactly("main");
        assertThat(east).isNotDone();
        night.wayToStore().release();

        for (VerifySummary audit : List.of(ended(main), ended(east))) {
            assertEnded(audit, ExitCode.FINDINGS);
            assertThat(audit)
                    .usingRecursiveComparison()
                    .comparingOnlyFields("files", "sidecars", "listed", "bytes", "filesLeft", "sidecarsLeft")
                    .isEqualTo(one);
        }
        assertThat(findings()).isEqualTo(expected);
        assertThat(count("scan_shard WHERE claim_id IS NOT NULL OR done_at IS NULL"))
                .isZero();
        assertThat(texts("SELECT status FROM batch_job_execution ORDER BY job_execution_id DESC LIMIT 2"))
                .containsExactly("COMPLETED", "COMPLETED");
    }

    @Test
    void nodeWithTheOptionRepairsWhatOthersFind() throws Exception {
        List<String> notes = archived(night.pending(night.provider().noteIds(SandboxNoteKind.IMAGES, 8)));
        List<String> files = List.copyOf(night.objects("media/").keySet());
        Files.delete(path(files.getLast()));
        String sidecar = night.objects("notes/").lastKey();
        Files.delete(path(sidecar));
        cut();
        var main = held(files.getFirst(), new VerifyOptions(null, true, false, "main"));

        assertThat(count("fixity_finding")).isZero();
        CompletableFuture<VerifySummary> east = aside(() -> audits.verify(EAST));
        awaitUndone("verifyFiles", 1);
        night.wayToStore().release();
        VerifySummary repaired = ended(main);
        ended(east);

        assertThat(repaired.repairs().notesMadeDue()).isOne();
        assertThat(repaired.repairs().sidecarsRewritten()).isOne();
        assertThat(texts("SELECT object_key FROM fixity_finding WHERE repaired_at IS NULL"))
                .isEmpty();
        assertThat(path(sidecar)).exists();
        night.run(ExitCode.COMPLETED);
        assertThat(path(files.getLast())).exists();
        assertThat(night.states(notes)).containsOnly(NoteState.ARCHIVED);
    }

    @Test
    void lateChunkOfALostClaimIsNotWritten() throws Exception {
        archived(night.pending(night.provider().noteIds(SandboxNoteKind.IMAGES, 4)));
        String first = night.objects("media/").firstKey();
        Files.write(path(first), new byte[] {1, 2, 3});
        passes(Duration.ofMinutes(2));
        cut();
        var main = held(first);
        // as if this node had been frozen for longer than its lease
        update("""
                UPDATE scan_shard SET claimed_by = 'east', claim_id = nextval('scan_shard_claim_seq')
                WHERE claimed_by = 'main'
                """);

        night.wayToStore().release();
        awaitUndone("verifyFiles", 1);

        assertThat(count("fixity_finding")).isZero();
        assertThat(main).isNotDone();
        update("UPDATE scan_shard SET claimed_until = now() - interval '1 second' WHERE claimed_by = 'east'");
        VerifySummary audit = ended(main);
        assertEnded(audit, ExitCode.FINDINGS);
        assertThat(audit.files()).isEqualTo(count("media_object"));
        assertThat(findings()).containsExactly("SIZE " + first);
    }

    @Test
    void gateEndsTheWaitForShardsOfOtherNodesAndTheAuditStaysOpen() throws Exception {
        archived(night.pending(night.provider().noteIds(SandboxNoteKind.IMAGES, 4)));
        passes(Duration.ofMinutes(2));
        cut();
        update("""
                UPDATE scan_shard SET claimed_by = 'east', claimed_until = now() + interval '5 minutes', claim_id = 1
                WHERE id = (SELECT min(id) FROM scan_shard WHERE step = 'verifyFiles')
                """);
        var main = aside(() -> audits.verify(AUDIT));
        awaitUndone("verifyFiles", 1);
        assertThat(main).isNotDone();

        gate.close(ExitCode.INTERRUPTED, "an operator says so");

        VerifySummary stopped = ended(main);
        assertEnded(stopped, ExitCode.INTERRUPTED);
        assertThat(shards.open(JobNames.VERIFY)).isPresent();
        update("UPDATE scan_shard SET claimed_until = now() - interval '1 second' WHERE claimed_by = 'east'");
        VerifySummary rest = verify(AUDIT);
        assertEnded(rest, ExitCode.COMPLETED);
        assertThat(rest.restart()).isTrue();
        assertThat(rest.instance()).isEqualTo(stopped.instance());
        assertThat(rest.files()).as("none is read twice").isEqualTo(count("media_object"));
        assertThat(shards.open(JobNames.VERIFY)).isEmpty();
    }

    @Test
    void auditThatOtherNodesHaveFinishedIsNotResumed() throws Exception {
        archived(night.pending(night.provider().noteIds(SandboxNoteKind.IMAGES, 1)));
        passes(Duration.ofMinutes(2));
        cut();
        var main = held(night.objects("media/").firstKey());
        gate.close(ExitCode.INTERRUPTED, "an operator says so");
        night.wayToStore().release();
        VerifySummary stopped = ended(main);
        assertEnded(audits.verify(EAST), ExitCode.COMPLETED);

        VerifySummary next = verify(AUDIT);

        assertEnded(next, ExitCode.COMPLETED);
        assertThat(next.restart()).isFalse();
        assertThat(next.instance()).isNotEqualTo(stopped.instance());
        assertThat(next.files()).isEqualTo(count("media_object"));
    }

    @Test
    void auditOfAnotherNodeExcludesRebuildAndSelfTestOnly() {
        archived(night.pending(1));
        try (RunnerLock _ = RunnerLock.acquire(database, Scope.AUDIT, "east").orElseThrow()) {
            rebuild(ExitCode.ALREADY_RUNNING);
            assertThat(selfTest.run()).isEmpty();
            assertEnded(verify(AUDIT), ExitCode.COMPLETED);
        }
        try (RunnerLock _ = RunnerLock.acquire(database, Scope.ARCHIVE, "east").orElseThrow()) {
            assertEnded(verify(AUDIT), ExitCode.ALREADY_RUNNING);
        }
        try (RunnerLock _ = RunnerLock.acquire(database, Scope.AUDIT, "main").orElseThrow()) {
            assertEnded(verify(AUDIT), ExitCode.ALREADY_RUNNING);
        }
        assertThat(selfTest.run()).isPresent();
    }

    /** Begins an audit in many shards, which only a large archive has. */
    private void cut() {
        passes(Duration.ofMinutes(2));
        List<NewShard> cut = new ArrayList<>();
        for (List<String> area : List.of(
                List.of("verifyBucket", "media/", "media/20", "media/40", "media/80", "media/c0"),
                List.of("verifyBucket", "notes/", "notes/64", "notes/66", "notes/68"),
                List.of("verifyFiles", "", "2", "4", "6", "8", "a", "c", "e", "g"),
                List.of("verifySidecars", "0", "2", "4", "6", String.valueOf(Long.MAX_VALUE)),
                List.of("verifyTables", ""))) {
            boolean isOpen = area.getLast().contains("/") || area.getLast().isEmpty();
            for (int i = 1; i < area.size() - (isOpen ? 0 : 1); i++) {
                cut.add(new NewShard(area.getFirst(), area.get(i), i + 1 < area.size() ? area.get(i + 1) : null));
            }
        }
        assertThat(shards.join(JobNames.VERIFY, night.clock().instant(), () -> cut)
                        .isResumed())
                .isFalse();
    }

    /** Starts an audit of this node, whose request for an object gets no response. */
    private CompletableFuture<VerifySummary> held(String key) {
        return held(key, AUDIT);
    }

    private CompletableFuture<VerifySummary> held(String key, VerifyOptions options) {
        night.wayToStore().holdResponses(line -> line.startsWith("GET ") && line.contains(key));
        CompletableFuture<VerifySummary> main = aside(() -> audits.verify(options));
        night.wayToStore().awaitHeld(1, NightlyScenario.PATIENCE);
        return main;
    }

    private void awaitUndone(String step, int number) throws InterruptedException {
        NightlyScenario.await(
                "the other shards are done",
                () -> count("scan_shard WHERE done_at IS NULL AND step = '" + step + "'") == number
                        && count(
                                        "scan_shard WHERE done_at IS NULL AND id < (SELECT min(id) FROM scan_shard WHERE step = '"
                                                + step + "')")
                                == 0);
    }
}
