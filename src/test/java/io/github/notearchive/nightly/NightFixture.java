package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveRows;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.maintenance.rebuild.RebuildRunner;
import io.github.notearchive.maintenance.verify.VerifyRunner;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifyOptions;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifySummary;
import io.github.notearchive.maintenance.waive.Waiver;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.springframework.beans.factory.annotation.Autowired;

/** Fixture of the tests of nights: the scenario, and the parts of the program that tests call themselves. */
abstract class NightFixture {

    /** Notes in progress at a time, by default. */
    static final int WORKERS = 32;

    @Autowired
    NightlyScenario night;

    @Autowired
    RunStopper gate;

    @Autowired
    VerifyRunner verifier;

    @Autowired
    RebuildRunner rebuild;

    @Autowired
    private Waiver waiver;

    void assertEnded(RunSummary run, ExitCode expected) {
        night.assertEnd(run, expected);
    }

    RunSummary ended(CompletableFuture<RunSummary> run, ExitCode expected) throws Exception {
        return night.assertEnd(NightlyScenario.ended(run), expected);
    }

    static void await(String what, BooleanSupplier condition) throws InterruptedException {
        NightlyScenario.await(what, condition);
    }

    /** Verifies all objects, repairs, and asserts how many notes are made due. */
    VerifySummary repair(int notesMadeDue) {
        VerifySummary audit = verifier.verify(new VerifyOptions(null, true, false, "main"));
        assertThat(audit.repairs().notesMadeDue()).as(audit.toString()).isEqualTo(notesMadeDue);
        return audit;
    }

    /** Waives a file, and returns the number of files that the note still misses. */
    int waive(String note, MediaKind kind, int ordinal, String reason) {
        return waiver.waive(new NoteId(note), kind, ordinal, reason);
    }

    /** Returns the sandbox's first note of a kind with a property. */
    String find(SandboxNoteKind kind, Predicate<String> property) {
        return night.provider().noteIds(kind, 40).stream()
                .filter(property)
                .findFirst()
                .orElseThrow();
    }

    /** Asserts that the bucket alone restores the tables. */
    void assertRebuiltAsTheyAre() {
        Map<String, List<String>> rows = ArchiveRows.of(night::texts);
        night.update(ArchiveRows.LOSS);
        assertThat(rebuild.rebuild(false, null).exitCode()).isEqualTo(ExitCode.COMPLETED);
        assertThat(ArchiveRows.of(night::texts)).isEqualTo(rows);
    }
}
