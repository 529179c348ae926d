package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.FAILED;
import static io.github.notearchive.archive.worklist.NoteState.PENDING;
import static io.github.notearchive.archive.worklist.NoteState.POSTPONED;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.ErasureRepository;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.TcpProxy;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.sql.Timestamp;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** A sidecar equals its rows, also after a late PUT of a node that has lost its claim, and a PUT that failed. */
@NightlyJobTest
class SidecarFenceTests extends NightFixture {

    private static final Predicate<String> PUT_OF_SIDECAR = line -> line.startsWith("PUT ") && line.contains("/notes/");

    @Autowired
    ErasureRepository erasures;

    @Autowired
    WorklistRepository worklist;

    private String note;

    @BeforeEach
    void aNoteOfSeveralPictures() {
        note = find(SandboxNoteKind.IMAGES, id -> night.pictures(id).size() >= 2);
        night.pending(List.of(note));
    }

    @AfterEach
    void release() {
        night.wayToStore().release();
    }

    @Test
    void latePutDoesNotReplaceTheSidecarOfTheNodeThatTookOver() throws Exception {
        CompletableFuture<RunSummary> frozen = runUntilPut();
        night.update("UPDATE worklist SET claimed_until = now() - interval '1 second'");
        night.script().media(_ -> true, Reply.status(404));

        RunSummary other = night.run(new RunOptions(null, null, false, "east"));
        night.wayToStore().release();
        RunSummary late = NightlyScenario.ended(frozen);

        assertEnded(other, ExitCode.INCOMPLETE);
        assertThat(late.notes().archived()).isZero();
        assertThat(night.state(note)).isEqualTo(POSTPONED);
        assertRebuiltAsTheyAre();
    }

    /** As on a store without conditional writes: the PUT precedes that of the other node, which buys nothing. */
    @Test
    void sidecarOfALostClaimIsWrittenAgainFromTheTables() throws Exception {
        CompletableFuture<RunSummary> frozen = runUntilPut();
        night.claimedBy("east", List.of(note));
        night.wayToStore().release();
        RunSummary late = NightlyScenario.ended(frozen);
        night.update(
                "UPDATE worklist SET claimed_by = NULL, claimed_until = NULL, claim_id = NULL, due_at = ?",
                Timestamp.from(night.midnight()));

        assertThat(late.notes().archived()).isZero();
        assertThat(night.state(note)).isEqualTo(PENDING);
        night.run();
        assertRebuiltAsTheyAre();
    }

    @Test
    void latePutOfAForgottenNoteIsRemoved() throws Exception {
        CompletableFuture<RunSummary> frozen = runUntilPut();
        List<NoteId> erased = List.of(new NoteId(note));
        erasures.markErased(erased, null, night.clock().instant());
        erasures.remove(erased, List.of());

        night.wayToStore().release();
        NightlyScenario.ended(frozen);

        assertThat(night.objects("notes/")).isEmpty();
    }

    @Test
    void sidecarOfANoteWhoseRowsAreRejectedSaysThatItFailed() throws Exception {
        night.refusing("INSERT ON note_media", "true", "54000", "index row size 6016", 9, night::run);

        night.assertNote(note, FAILED, StateReason.WRITE_FAILED, "index row size 6016");
        assertThat(night.objects("notes/" + note)).hasSize(1);
        assertRebuiltAsTheyAre();
    }

    @Test
    void decisionWhosePutFailedIsInTheSidecarAfterTheNextRun() {
        night.script().media(target -> target.contains(night.pictures(note).getFirst()), Reply.status(404));
        night.run(ExitCode.INCOMPLETE);
        night.wayToStore().answer(PUT_OF_SIDECAR, TcpProxy.Response.of(403, "text/plain", "no"));

        assertThat(waive(note, MediaKind.IMAGE, 0, "lost for good")).isZero();

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        night.wayToStore().release();
        night.run(ExitCode.COMPLETED);
        assertRebuiltAsTheyAre();
    }

    /** Starts a run aside, and returns when its first PUT of a sidecar is held; later ones pass. */
    private CompletableFuture<RunSummary> runUntilPut() {
        night.wayToStore().holdRequests(PUT_OF_SIDECAR);
        CompletableFuture<RunSummary> run = night.runAside();
        night.wayToStore().awaitHeld(1, NightlyScenario.PATIENCE);
        night.wayToStore().holdRequests(_ -> false);
        return run;
    }
}
