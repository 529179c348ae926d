package io.github.notearchive.maintenance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.LogRepository;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifySummary;
import io.github.notearchive.nightly.NightlyJobTest;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.prove.CaptureLog;
import io.github.notearchive.prove.CaptureLog.LogState;
import io.github.notearchive.report.Health.HealthCause;
import io.github.notearchive.report.HealthCheck;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import io.github.notearchive.store.ObjectKey;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** The log of captures after nights, waivers, audits, rebuilds and erasures. */
@NightlyJobTest
class LogOfNightsTests extends MaintenanceScenario {

    private static final String LOGGED = "log_entry WHERE position IS NOT NULL";

    @Autowired
    private CaptureLog log;

    @Autowired
    private LogRepository entries;

    @Autowired
    private HealthCheck health;

    private LogState run(ExitCode expected) {
        RunSummary summary = night.run();
        assertEnded(summary, expected);
        LogState state = summary.log();
        assertThat(state).isNotNull();
        assertThat(summary.result().logRoot()).isEqualTo(state.root());
        return state;
    }

    @Test
    void eachCaptureOfANightIsLoggedWithTheSaltOfItsSidecar() throws Exception {
        List<String> notes = night.pending(SandboxNoteKind.IMAGES, 12);

        LogState state = run(ExitCode.COMPLETED);

        assertThat(state.problem()).isNull();
        assertThat(state.size()).isEqualTo(count("note_capture")).isEqualTo(12);
        assertThat(state.root()).isEqualTo(text("SELECT root_sha256 FROM log_checkpoint"));
        for (String name : texts("SELECT sidecar_key FROM note_capture")) {
            ObjectKey key = new ObjectKey(name);
            Sidecar sidecar = Sidecar.read(key, store.read(key));
            assertThat(count("log_entry WHERE entry = decode('"
                            + DigestUtils.sha256Hex(
                                    sidecar.logEntry().orElseThrow().content()) + "', 'hex')"))
                    .isOne();
            assertThat(sidecar.record())
                    .startsWith("{\"format\":\"note-archive/record/1\",\"noteId\":\"" + sidecar.noteId() + "\"")
                    .contains(sidecar.files().stream()
                            .map(slot -> slot.media().sha256())
                            .toList());
        }
        assertThat(log.prove(new NoteId(notes.getFirst()))).hasSize(1);
        Files.delete(path(text("SELECT min(sidecar_key) FROM note_capture")));
        assertEnded(audits.verify(REPAIR), ExitCode.FINDINGS);
        assertEnded(audits.verify(AUDIT), ExitCode.COMPLETED);
        assertThat(run(ExitCode.COMPLETED)).isEqualTo(new LogState(12, 0, state.root(), null));
        assertThat(count("log_entry"))
                .as("the record of the written sidecar is the same")
                .isEqualTo(12);
    }

    @Test
    void aWaiverIsLoggedAsAFurtherEntry() {
        String note = picturedNotes().getFirst();
        night.pending(List.of(note));
        picture(note, 1, Reply.status(404));
        run(ExitCode.INCOMPLETE);
        night.script().clear();

        assertThat(waive(note, 1)).isZero();
        LogState state = run(ExitCode.COMPLETED);

        assertThat(state.size()).isEqualTo(2);
        List<CaptureLog.Proof> proofs = log.prove(new NoteId(note));
        assertThat(proofs).as("only the last record is provable").hasSize(1);
        String extra = proofs.getFirst().text().lines().toList().get(1).substring("extra ".length());
        assertThat(new String(Base64.getDecoder().decode(extra), UTF_8))
                .contains(
                        "{\"kind\":\"IMAGE\",\"ordinal\":1,\"state\":\"WAIVED\",\"reason\":\"lost \\\"for\\\" good\"}");
    }

    @Test
    void aForgottenNoteLeavesTheLogWhole() throws IOException {
        List<String> notes = night.pending(6);
        LogState before = run(ExitCode.COMPLETED);

        assertThat(forget(notes.getFirst()).rows()).containsEntry("log_entry", 1L);

        assertThat(count(LOGGED)).isEqualTo(6);
        assertThat(count("log_entry WHERE captured_at IS NULL AND salt IS NULL AND note_id IS NULL"))
                .isOne();
        assertThat(log.prove(new NoteId(notes.getFirst()))).isEmpty();
        assertThat(run(ExitCode.COMPLETED)).isEqualTo(new LogState(6, 0, before.root(), null));
        assertEnded(audits.verify(AUDIT), ExitCode.COMPLETED);
    }

    @Test
    void anAuditReportsAChangedLogUntilItIsGoodAgain() throws IOException {
        night.pending(6);
        run(ExitCode.COMPLETED);
        var bundle = path("log/tile/entries/000.p/6");
        byte[] bytes = Files.readAllBytes(bundle);
        byte[] changed = bytes.clone();
        changed[40] ^= 1;
        Files.write(bundle, changed);

        VerifySummary audit = audits.verify(AUDIT);

        assertEnded(audit, ExitCode.FINDINGS);
        assertThat(audit.open()).containsOnlyKeys(Damage.FindingKind.CORRUPT);
        assertThat(audit.examples().getFirst().key()).isEqualTo("log/checkpoint");
        Files.write(bundle, bytes);
        assertEnded(audits.verify(AUDIT), ExitCode.COMPLETED);
        assertThat(count("log_checkpoint WHERE audited_at IS NOT NULL")).isOne();
    }

    @Test
    void aRebuildFindsTheEntriesOfTheSidecarsAndReportsMissingOnes() {
        night.pending(SandboxNoteKind.IMAGES, 8);
        LogState before = run(ExitCode.COMPLETED);
        List<String> rows = texts("SELECT (entry, note_id, captured_at, salt)::text FROM log_entry ORDER BY position");
        loseTheDatabase();

        assertThat(rebuild(ExitCode.COMPLETED).log()).isEqualTo(new LogState(8, 0, before.root(), null));

        assertThat(texts("SELECT (entry, note_id, captured_at, salt)::text FROM log_entry ORDER BY position"))
                .isEqualTo(rows);

        night.pending(night.provider().noteIds(SandboxNoteKind.IMAGES, 14).subList(8, 14));
        update("ALTER TABLE log_checkpoint ADD CONSTRAINT killed CHECK (size <= 8)");
        assertThat(night.run().log().problem()).contains("killed");
        update("ALTER TABLE log_checkpoint DROP CONSTRAINT killed");
        loseTheDatabase();
        LogState after = rebuild(ExitCode.COMPLETED).log();
        assertThat(after.appended()).isEqualTo(6);
        assertThat(run(ExitCode.COMPLETED)).isEqualTo(new LogState(14, 0, after.root(), null));
        assertEnded(audits.verify(AUDIT), ExitCode.COMPLETED);
    }

    @Test
    void aLogThatIsNotWrittenIsNoFailureOfTheNight() {
        night.pending(4);
        update("ALTER TABLE log_checkpoint ADD CONSTRAINT broken CHECK (size < 0)");
        try {
            RunSummary summary = night.run();

            assertEnded(summary, ExitCode.COMPLETED);
            assertThat(summary.log().problem()).contains("broken");
            assertThat(summary.result().logRoot()).isNull();
            assertThat(health.check(Optional.empty()).reasons())
                    .extracting("cause")
                    .doesNotContain(HealthCause.LOG_BEHIND);
            update("UPDATE log_entry SET recorded_at = recorded_at - interval '27 hours'");
            assertThat(health.check(Optional.empty()).reasons())
                    .extracting("cause")
                    .contains(HealthCause.LOG_BEHIND);
        } finally {
            update("ALTER TABLE log_checkpoint DROP CONSTRAINT broken");
        }
        assertThat(run(ExitCode.COMPLETED).size()).isEqualTo(4);
        assertThat(entries.isBehind(night.clock().instant().plusSeconds(1), Duration.ZERO))
                .isFalse();
    }
}
